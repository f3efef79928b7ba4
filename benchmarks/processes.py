"""What a controlled schedule over two processes costs, beside two forked processes that run the same body uncontrolled.

One pytest session for each round. The locked counter is explored twice, with a few schedules and with many: what the
further ones took, divided by their number, is one schedule. (A test's whole time also holds the run in real time that
follows the schedules, in which a worker pauses on purpose.) The figures are milliseconds of one schedule (median and
quartiles of the rounds), the same of two bare processes forked and joined in the same session, their ratio, and the
schedules that the lost update took to be found.

    python benchmarks/processes.py [--rounds 5] [--schedules 100] [--aim 10]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

FEW = 10
"""Schedules of the exploration that is only begun."""
PROGRAM = """
import json, multiprocessing, os, time
import pytest
ctx = multiprocessing.get_context("fork")

@pytest.fixture
def value():
    return ctx.Value("i", 0)

def locked(value):
    with value.get_lock():
        value.value += 1

def unlocked(value):
    value.value += 1

def test_bare(value):
    spent = []
    for _ in range({schedules}):
        begun = time.perf_counter()
        workers = [ctx.Process(target=locked, args=(value,)) for _ in range(2)]
        for worker in workers: worker.start()
        for worker in workers: worker.join()
        spent.append(time.perf_counter() - begun)
    with open("bare.json", "w") as stream:
        json.dump(sorted(spent)[len(spent) // 2], stream)

@pytest.mark.stress_processes(workers=2, repeats=1, schedules={few}, max_seconds=600, strategy="random")
def test_few(value):
    locked(value)

@pytest.mark.stress_processes(workers=2, repeats=1, schedules={schedules}, max_seconds=600, strategy="random")
def test_locked(value):
    locked(value)

@pytest.mark.stress_processes(workers=2, repeats=1, schedules={schedules}, max_seconds=600)
def test_unlocked(value):
    unlocked(value)
"""


def session(folder: Path) -> tuple[float, float, int]:
    """Return seconds of a schedule, seconds of two bare processes, and the schedule that found the lost update."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "PYTHON", "COV_"))}
    environment = {**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "pytest_concurrency.plugin", "-p", "no:cacheprovider",
         "--concurrency-report", "json:out.json"],
        cwd=folder, stdout=subprocess.DEVNULL, check=False, timeout=600, env=environment,
    )  # fmt: skip
    bare = json.loads((folder / "bare.json").read_text())
    tests = {t["nodeid"].split("::")[1]: t for t in json.loads((folder / "out.json").read_text())["tests"]}
    few, locked, unlocked = tests["test_few"], tests["test_locked"], tests["test_unlocked"]
    further = locked["schedules"] - few["schedules"]
    if further < FEW or few["hazards"] or locked["hazards"] or [h["code"] for h in unlocked["hazards"]] != ["CH101"]:
        raise SystemExit("the programs are judged wrongly: nothing was measured")
    return (locked["seconds"] - few["seconds"]) / further, bare, unlocked["hazards"][0]["schedule"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--schedules", type=int, default=100)
    parser.add_argument("--aim", type=float, default=10.0, help="milliseconds of a schedule")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        (folder / "pytest.ini").write_text("[pytest]\n")
        (folder / "test_it.py").write_text(PROGRAM.format(schedules=arguments.schedules, few=FEW))
        session(folder)  # the one that compiles what is imported
        rounds = [session(folder) for _ in range(arguments.rounds)]
    low, middle, high = statistics.quantiles([1000 * one for one, _, _ in rounds], n=4)
    ratios = statistics.median([one / bare for one, bare, _ in rounds])
    bare = statistics.median([1000 * bare for _, bare, _ in rounds])
    found = max(found for _, _, found in rounds)
    print(
        f"a schedule of 2 processes: {middle:.1f} ms (quartiles {low:.1f} to {high:.1f}), two bare processes "
        f"{bare:.1f} ms, ratio {ratios:.1f}, aim {arguments.aim:g} ms; lost update found in schedule {found}"
    )
    return 0 if middle <= arguments.aim else 1


if __name__ == "__main__":
    sys.exit(main())
