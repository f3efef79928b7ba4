"""How long a proof takes: a locked counter with more and more workers or increments, explored completely.

``python -m benchmarks.proofs`` prints the table. The number of classes of interleavings is known: N! for N workers
with one locked increment each, and (2k)! / (k! k!) for two workers with k.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCE = """
import threading

import pytest


class Counter:
    def __init__(self):
        self.value = 0
        self.lock = threading.Lock()

    def increment(self, times):
        for _ in range(times):
            with self.lock:
                self.value += 1


@pytest.mark.parametrize("workers, times", {cases})
def test_counter(thread_runner, workers, times):
    counter = Counter()
    thread_runner.run(lambda: counter.increment(times), workers=workers)
    assert counter.value == workers * times
"""


@dataclass(frozen=True, slots=True)
class Case:
    """``workers`` with ``times`` locked increments each."""

    workers: int
    times: int

    @property
    def classes(self) -> int:
        """How many distinct interleavings there are."""
        return math.factorial(self.workers * self.times) // math.factorial(self.times) ** self.workers


def cases(most_workers: int, most_times: int) -> list[Case]:
    """Return the cases of the table: 2 to ``most_workers`` with one increment, two with 1 to ``most_times``."""
    return [
        *(Case(workers, 1) for workers in range(2, most_workers + 1)),
        *(Case(2, times) for times in range(1, most_times + 1)),
    ]


def measure(wanted: Sequence[Case], max_seconds: float) -> list[dict[str, Any]]:
    """Run the cases in one pytest process; return the objects of its JSON report, in order."""
    with tempfile.TemporaryDirectory(prefix="proofs-") as folder:
        report = Path(folder, "report.json")
        listed = [(case.workers, case.times) for case in wanted]
        Path(folder, "test_counter.py").write_text(SOURCE.format(cases=listed))
        Path(folder, "pytest.ini").write_text("[pytest]\n")
        command = [
            *(sys.executable, "-m", "pytest", "-q", "--no-header", "--tb=short", folder),
            *("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist", "-p", "no:cov"),
            *("--concurrency-strategy", "dpor", "--concurrency-schedules", "1000000"),
            *("--concurrency-max-seconds", str(max_seconds), "--concurrency-report", f"json:{report}"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
        if not report.exists():
            raise RuntimeError(f"no report\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
        tests: list[dict[str, Any]] = json.loads(report.read_text())["tests"]
        return tests


def table(wanted: Sequence[Case], tests: Sequence[dict[str, Any]]) -> str:
    """Return the table."""
    lines = [f"{'workers':>7} {'increments':>10} {'classes':>9} {'schedules':>9} {'seconds':>8}  verdict"]
    for case, test in zip(wanted, tests, strict=True):
        verdict = "proven" if test["exhaustive"] else "; ".join(test["notes"]) or test["outcome"]
        lines.append(
            f"{case.workers:>7} {case.times:>10} {case.classes:>9} {test['schedules']:>9} "
            f"{test['seconds']:>8.2f}  {verdict}"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 where a class was missed or run twice."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.proofs", description=__doc__)
    parser.add_argument("--workers", type=int, default=7, help="most workers with one increment each")
    parser.add_argument("--times", type=int, default=10, help="most increments of two workers")
    parser.add_argument("--max-seconds", type=float, default=60.0, help="seconds for one case")
    options = parser.parse_args(arguments)
    wanted = cases(options.workers, options.times)
    tests = measure(wanted, options.max_seconds)
    print(table(wanted, tests))
    wrong = [
        case
        for case, test in zip(wanted, tests, strict=True)
        if test["exhaustive"] and not any(f"all {case.classes} " in note for note in test["notes"])
    ]
    for case in wrong:
        print(f"wrong number of classes: {case}")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
