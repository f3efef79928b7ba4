"""Does a replay token reproduce its failure, always, in a new process?

For each program: run it once, take the token that its failure prints, and run pytest anew with it so many times. Prints
one line a program and ends with status 1 where a single replay was different.

    python benchmarks/replay.py [--count 50] [--program NAME]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAMS = {
    "lost_update": """
def test_it(thread_runner):
    state = {"n": 0}
    def add():
        for _ in range(5):
            value = state["n"]
            state["n"] = value + 1
    thread_runner.run(add, add, add)
    assert state["n"] == 15
""",
    "deadlock": """
import threading
locks = [threading.Lock() for _ in range(3)]
def test_it(thread_runner):
    def eat(i):
        with locks[i]:
            with locks[(i + 1) % 3]:
                pass
    thread_runner.map(eat, range(3))
""",
    "order": """
import threading, queue
def test_it(thread_runner):
    box, seen = queue.Queue(), []
    def put(n):
        box.put(n)
        seen.append(box.get())
    thread_runner.run(lambda: put(1), lambda: put(2), lambda: put(3))
    assert seen == sorted(seen)
""",
}


def run(folder: Path, *args: str) -> list[tuple[str, str, str]]:
    """Run pytest in ``folder``; return code, message and token of each error.

    The message names workers, lines and values. The rows around them are not compared: a replay watches all code in
    scope, where an exploration has learned what to leave out.
    """
    report = folder / "report.json"
    report.unlink(missing_ok=True)
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "test_it.py",
         f"--concurrency-report=json:{report}", *args],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300, check=False,
    )  # fmt: skip
    tests = json.loads(report.read_text())["tests"]
    return [
        (h["code"], h["message"], h["replay"]) for test in tests for h in test["hazards"] if h["severity"] == "error"
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--program", choices=sorted(PROGRAMS), action="append")
    arguments = parser.parse_args()
    failed = 0
    for name in arguments.program or PROGRAMS:
        with tempfile.TemporaryDirectory() as directory:
            folder = Path(directory)
            (folder / "test_it.py").write_text(PROGRAMS[name])
            (folder / "pytest.ini").write_text("[pytest]\n")
            first = run(folder)
            if not first:
                print(f"{name}: no failure was found")
                failed += 1
                continue
            code, *_, token = first[0]
            same = sum(run(folder, f"--concurrency-replay={token}") == first for _ in range(arguments.count))
            print(f"{name}: {code} reproduced {same} times of {arguments.count}", flush=True)
            failed += same != arguments.count
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
