"""Schedules per second, and the cost of one schedule as a ratio to plain threads that run the same code.

Run as ``python -m benchmarks.schedules [--seconds S]``. Both are measured in one process, in turn, and each figure is
the median of several rounds: the machine's speed drops out of the ratio.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pytest_concurrency.explore.pipeline import Explorer
from pytest_concurrency.instrument.activation import Instrumenter
from pytest_concurrency.instrument.cache import Cache
from pytest_concurrency.instrument.scope import Area, Chooser
from pytest_concurrency.primitives.dispatch import BUILTINS, HOOKS, SUBSTITUTES
from pytest_concurrency.runtime.execution import Execution
from pytest_concurrency.runtime.lifecycle import run_callables
from pytest_concurrency.runtime.pool import ThreadPool
from pytest_concurrency.runtime.processor import OneProcessor
from pytest_concurrency.settings import Settings
from pytest_concurrency.strategies.pct import Pct
from pytest_concurrency.trace.outcome import Outcome

SIZES = (1, 10, 100, 1_000, 10_000)
ROUNDS = 5


class Counter:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.value = 0


def locked(counter: Counter, times: int) -> None:
    for _ in range(times):
        with counter.lock:
            counter.value += 1


def unlocked(counter: Counter, times: int) -> None:
    for _ in range(times):
        counter.value += 1


def plain_seconds(work: Callable[[Counter, int], None], times: int, seconds: float) -> float:
    """Return the seconds of one run on two plain threads."""
    runs, begun = 0, time.perf_counter()
    while runs < 3 or time.perf_counter() - begun < seconds:
        counter = Counter()
        threads = [threading.Thread(target=work, args=(counter, times)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        runs += 1
    return (time.perf_counter() - begun) / runs


def controlled_seconds(work: Callable[[Counter, int], None], times: int, seconds: float) -> float:
    """Return the seconds of one schedule of the exploring phase, from the end of the one before to its own end.

    Runs that observe, confirm a suspicion or record are not counted.
    """
    pool, processor = ThreadPool(), OneProcessor()
    exploring: list[float] = []
    ended = time.perf_counter()

    def once(execution: Execution) -> Outcome:
        nonlocal ended
        counter = Counter()

        def body() -> None:
            run_callables(execution, execution.main, [lambda: work(counter, times)] * 2, pool)

        outcome = execution.run(body)
        before, ended = ended, time.perf_counter()
        if isinstance(execution.strategy, Pct):
            exploring.append(ended - before)
        return outcome

    settings = Settings(schedules=10**9, max_seconds=seconds, strategy="pct", seed=1, ignore=frozenset({"CH101"}))
    chooser = Chooser(Area(str(Path(__file__).resolve().parent)))
    processor.take()
    with Instrumenter(HOOKS, SUBSTITUTES, BUILTINS, Cache()).active(chooser) as sites:
        Explorer(once, settings, sites).explore()
    pool.close()
    processor.close()
    if not exploring:
        raise SystemExit(
            f"{work.__name__} x {times}: nothing was explored in {seconds:g} s; give it more with --seconds"
        )
    return statistics.fmean(exploring)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="seconds for each measurement")
    seconds = parser.parse_args().seconds
    print(f"Python {sys.version.split()[0]}, 2 workers, median of {ROUNDS} rounds")
    print(f"{'program':<10} {'increments':>10} {'schedules/s':>12} {'plain us':>10} {'ratio':>7}")
    for work in (locked, unlocked):
        for times in SIZES:
            pairs = [
                (controlled_seconds(work, times, seconds), plain_seconds(work, times, seconds / 3))
                for _ in range(ROUNDS)
            ]
            ours = statistics.median(pair[0] for pair in pairs)
            plain = statistics.median(pair[1] for pair in pairs)
            ratio = statistics.median(pair[0] / pair[1] for pair in pairs)
            print(f"{work.__name__:<10} {times:>10,} {1 / max(ours, 1e-9):>12,.0f} {plain * 1e6:>10,.0f} {ratio:>7.2f}")


if __name__ == "__main__":
    main()
