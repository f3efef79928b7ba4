"""Coverage of a stressed test: the lines and branches of the test run once, and the verdicts without coverage."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

coverage = pytest.importorskip("coverage")

CODE = """
import threading
from concurrent.futures import ThreadPoolExecutor


class Counter:
    def __init__(self):
        self.n = 0
        self.log = {}
        self.lock = threading.Lock()

    def add(self, by):
        if by < 0:
            raise ValueError(by)
        with self.lock:
            if by:
                self.n += by
            else:
                self.n = 0
        for step in range(by):
            if step in self.log:
                continue
            self.log[step] = by
        return [x for x in self.log if x]

    def unsafe(self):
        self.n += 1
        return self.n


def own_threads(counter):
    def work():
        try:
            counter.add(2)
            counter.add(-1)
        except ValueError as error:
            return str(error)
        finally:
            counter.add(1)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with ThreadPoolExecutor(2) as pool:
        return [len(got) for got in pool.map(counter.add, (1, 1))]


def never():
    return 1
"""

TESTS = """
from app import Counter, own_threads
import pytest


@MARK
def test_own(request):
    assert own_threads(Counter())


@MARK
def test_lost(request):
    counter = Counter()
    def both():
        counter.unsafe()
    if "thread_runner" in request.fixturenames:
        request.getfixturevalue("thread_runner").run(both, workers=2)
    else:
        both(); both()
    assert counter.n == 2
"""

CORES = ["ctrace", *(["sysmon"] if sys.version_info >= (3, 12) else [])]


def run(directory, source: str, core: str | None) -> tuple[dict[str, object], str]:
    """Run the tests in ``directory``; return what coverage has to say of app.py, and the output."""
    directory.mkdir()
    (directory / "app.py").write_text(CODE)
    (directory / "test_it.py").write_text(source)
    (directory / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", "--tb=short", "-ra"]
    environment = {**os.environ}
    if core is not None:
        command[2:3] = ["coverage", "run", "--branch", "--source=.", "-m", "pytest"]
        environment["COVERAGE_CORE"] = core
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=300)
    if core is None:
        return {}, done.stdout + done.stderr
    subprocess.run(
        [sys.executable, "-m", "coverage", "json", "-q", "-o", "c.json"], cwd=directory, check=True, timeout=120
    )
    return json.loads((directory / "c.json").read_text())["files"]["app.py"], done.stdout + done.stderr


@pytest.mark.parametrize("core", CORES)
def test_same_lines_and_branches(tmp_path, core):
    plain, output = run(tmp_path / "plain", TESTS.replace("@MARK\n", ""), core)
    assert "2 passed" in output
    marked = TESTS.replace("@MARK\ndef test_own", "@pytest.mark.stress_threads(workers=0, schedules=12)\ndef test_own")
    marked = marked.replace("@MARK\ndef test_lost(request)", "def test_lost(request, thread_runner)")
    stressed, output = run(tmp_path / "stressed", marked, core)
    _, without = run(tmp_path / "without", marked, None)
    for text in (output, without):
        assert "1 failed, 1 passed" in text and "CH101" in text
    for what in ("executed_lines", "executed_branches"):
        missing = [entry for entry in plain[what] if entry not in stressed[what]]
        added = [entry for entry in stressed[what] if entry not in plain[what]]
        assert (missing, added) == ([], []), (what, output)
    assert stressed["missing_lines"] == plain["missing_lines"] != []
