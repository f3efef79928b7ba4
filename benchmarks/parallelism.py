"""How often is the verdict on parallelism right on a busy machine?

Nine bodies whose answer is known, on 2 and 4 workers, each measured many times while two noise processes
keep two processors busy. Run ``python benchmarks/parallelism.py`` (``--repetitions 30 --noise 2``); exit
code 1 if a verdict was wrong or more than 5 % were inconclusive.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import platform
import socket
import threading
import time
import zlib
from collections import Counter

from pytest_concurrency.parallelism import cause, judge, measure

LOCK = threading.Lock()
DATA = bytes(range(256)) * (3_000_000 // 256)
TEXT = DATA[:400_000]


def pure_loop() -> None:
    total = 0
    for number in range(20_000):
        total += number


def churn() -> None:
    table: dict[str, str] = {}
    for number in range(4_000):
        table[f"key-{number % 512}"] = "-".join((str(number), "value"))
    " ".join(sorted(table.values())).split()


def sha256() -> None:
    hashlib.sha256(DATA).digest()


def compress() -> None:
    zlib.compress(TEXT, 6)


def sleep() -> None:
    time.sleep(0.005)


_CONNECTIONS = threading.local()


def ping() -> None:
    connection = getattr(_CONNECTIONS, "socket", None)
    if connection is None:
        connection = _CONNECTIONS.socket = socket.create_connection(ADDRESS, timeout=10)
    connection.sendall(b"ping")
    assert connection.recv(4) == b"ping"


def lock_and_sleep() -> None:
    with LOCK:
        time.sleep(0.005)


def lock_and_compute() -> None:
    LOCK.acquire()
    try:
        pure_loop()
    finally:
        LOCK.release()


def quarter_locked() -> None:
    time.sleep(0.015)
    with LOCK:
        time.sleep(0.005)


FINE, GIL, ONE_LOCK = ("parallel", ""), ("serialised", "CH201"), ("serialised", "CH202")
BODIES = {
    pure_loop: (GIL,),
    churn: (GIL,),
    sha256: (FINE,),
    compress: (FINE,),
    sleep: (FINE,),
    ping: (FINE,),
    lock_and_sleep: (ONE_LOCK,),
    lock_and_compute: (ONE_LOCK,),
    quarter_locked: (FINE,),
}
ADDRESS = ("127.0.0.1", 0)


def noise(stop) -> None:
    while not stop.is_set():
        sum(range(50_000))


def echo(ports) -> None:
    """A server somewhere else: it answers each ping after the millisecond that a network takes."""
    server = socket.create_server(("127.0.0.1", 0))
    ports.put(server.getsockname()[1])

    def answer(connection) -> None:
        with connection:
            while data := connection.recv(4):
                time.sleep(0.001)
                connection.sendall(data)

    while True:
        threading.Thread(target=answer, args=(server.accept()[0],), daemon=True).start()


def answer(measurement) -> tuple[str, str]:
    kind = judge(measurement)
    return kind, cause(measurement) if kind == "serialised" else ""


def main() -> int:
    global ADDRESS
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=30)
    parser.add_argument("--noise", type=int, default=2)
    parser.add_argument("--workers", type=int, nargs="*", default=[2, 4])
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    ports, stop = context.Queue(), context.Event()
    helpers = [context.Process(target=echo, args=(ports,), daemon=True)]
    helpers += [context.Process(target=noise, args=(stop,), daemon=True) for _ in range(options.noise)]
    for helper in helpers:
        helper.start()
    ADDRESS = ("127.0.0.1", ports.get(timeout=30))
    began = time.monotonic()
    wrong = grey = total = 0
    print(f"Python {platform.python_version()}, {options.noise} noise processes")
    print(f"{'body':<18}{'workers':>8}{'runs':>6}{'right':>7}{'grey':>6}{'wrong':>7}  verdicts")
    try:
        for body, expected in BODIES.items():
            if options.only and body.__name__ not in options.only:
                continue
            for workers in options.workers:
                seen = Counter(answer(measure([body] * workers, processes=False)) for _ in range(options.repetitions))
                right = sum(seen[each] for each in expected)
                # Taking turns, but for no cause that was demonstrated: nothing is reported, a line of the
                # table.
                unsure = sum(n for (kind, why), n in seen.items() if kind == "inconclusive")
                silent = sum(n for (kind, why), n in seen.items() if kind == "serialised" and not why)
                if expected[0] != FINE:
                    unsure += silent
                bad = options.repetitions - right - unsure
                wrong, grey, total = wrong + bad, grey + unsure, total + options.repetitions
                shown = ", ".join(f"{kind} {why}".strip() + f" {n}" for (kind, why), n in seen.most_common())
                counted = f"{options.repetitions:>6}{right:>7}{unsure:>6}{bad:>7}"
                print(f"{body.__name__:<18}{workers:>8}{counted}  {shown}", flush=True)
    finally:
        stop.set()
        for helper in helpers:
            helper.terminate()
            helper.join(5)
    print(
        f"{total} verdicts, {wrong} wrong, {grey} inconclusive ({100 * grey / max(1, total):.1f} %), "
        f"{time.monotonic() - began:.0f} s"
    )
    return 1 if wrong or grey > 0.05 * total else 0


if __name__ == "__main__":
    raise SystemExit(main())
