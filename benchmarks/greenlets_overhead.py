# ruff: noqa: E402 - patching comes first
"""What watching greenlets costs: an echo server and a loop that computes, plain and watched, side by side.

Run it with the Python to be measured: ``python benchmarks/greenlets_overhead.py [rounds]``. Needs gevent.
Processor time decides (other programs disturb it less than the clock); the smallest of all rounds counts.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import socket
import sys
import time
from collections.abc import Callable

import gevent
import gevent.server

from pytest_concurrency.runners.greenlets.closedpeer import ClosedPeers
from pytest_concurrency.runners.greenlets.lifecycle import Lives
from pytest_concurrency.runners.greenlets.monitor import Monitor

MESSAGES = 4000
CLIENTS = 10
MAX_BLOCK = 0.010  # seconds


def echo() -> None:
    """Exchange messages between clients and a gevent server in this process."""

    def handle(conn: socket.socket, address: object) -> None:
        while data := conn.recv(4096):
            conn.sendall(data)

    def client() -> None:
        with socket.create_connection(server.address) as conn:
            for _ in range(MESSAGES // CLIENTS):
                conn.sendall(b"x" * 64)
                conn.recv(4096)

    server = gevent.server.StreamServer(("127.0.0.1", 0), handle)
    server.start()
    gevent.joinall([gevent.spawn(client) for _ in range(CLIENTS)], raise_error=True)
    server.stop()


def compute() -> None:
    """Compute in Python without yielding."""
    total = 0
    for number in range(3_000_000):
        total += number * number


def seconds_of(program: Callable[[], None]) -> float:
    """Return the processor seconds that ``program`` takes."""
    began = time.process_time()
    program()
    return time.process_time() - began


def watched(program: Callable[[], None]) -> float:
    """Return the processor seconds that ``program`` takes while it is watched as a greenlet test is."""
    lives = Lives()
    monitor = Monitor(MAX_BLOCK, lives.who, 1000.0, lambda: None)
    peers = ClosedPeers(lives.name_of)
    peers.start()
    lives.start()
    monitor.start()
    try:
        return seconds_of(program)
    finally:
        monitor.stop()
        lives.stop()
        peers.stop()


def main(rounds: int) -> None:
    """Print one line a program: both times and their ratio."""
    for program in (echo, compute):
        program()
        plain, seen = [], []
        for _ in range(rounds):
            plain.append(seconds_of(program))
            seen.append(watched(program))
        ratio = min(seen) / min(plain)
        times = f"{min(plain) * 1e3:.1f} ms plain, {min(seen) * 1e3:.1f} ms watched"
        print(f"{program.__name__}: {times}, {ratio:.2f}x")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
