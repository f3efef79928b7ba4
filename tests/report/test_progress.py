"""The live line: on a terminal only, at most five times a second, and gone without a trace."""

from __future__ import annotations

import contextlib
import io
import os
import re
import select
import subprocess
import sys
import time
import types

import pytest
from _pytest.terminal import TerminalReporter

from pytest_concurrency.report.progress import MOST_DISTINCT, Progress, progress_for

pty = pytest.importorskip("pty", reason="no pseudo-terminals here")


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def screen(text):
    """Return the lines that a terminal shows after ``text``."""
    lines, row, column = [""], 0, 0
    for part in re.findall(r"\x1b\[\d*[A-Za-z]|.|\n|\r", re.sub(r"\x1b\[[\d;]*m", "", text)):
        if part == "\n":
            row, column = row + 1, 0
            lines.append("")
        elif part == "\r":
            column = 0
        elif part.startswith("\x1b[") and part.endswith("D"):
            column = max(0, column - int(part[2:-1] or 1))
        elif part == "\x1b[K":
            lines[row] = lines[row][:column]
        else:
            lines[row] = lines[row].ljust(column)[:column] + part + lines[row][column + 1 :]
            column += 1
    return [line.rstrip() for line in lines]


def line(room=80, total=200, seconds=5.0):
    stream, clock = io.StringIO(), Clock()
    return stream, clock, Progress(stream, room, total, seconds, clock=clock)


def test_what_it_says_and_how_often():
    stream, clock, progress = line()
    stream.write("test_a.py ")
    for done in range(1, 101):
        clock.now = done / 100
        progress.tick(done, done % 7)
    assert screen(stream.getvalue()) == ["test_a.py [90/200 schedules, 100/s, 7 distinct, 1 s left]"]
    assert stream.getvalue().count("schedules") == 3, "0.5, 0.7 and 0.9 s"
    progress.clear()
    assert screen(stream.getvalue()) == ["test_a.py"]


def test_a_short_test_has_none():
    stream, clock, progress = line()
    clock.now = 0.4
    progress.tick(100)
    progress.clear()
    assert stream.getvalue() == ""


def test_time_left_is_the_shorter_of_the_budgets():
    stream, clock, progress = line(total=1000, seconds=5.0)
    clock.now = 1.0
    progress.tick(10)
    assert screen(stream.getvalue()) == ["[10/1000 schedules, 10/s, 4 s left]"]


@pytest.mark.parametrize("room, text", [(30, "[90/200 schedules, 1 s left]"), (10, "[90/200]"), (7, ""), (-3, "")])
def test_never_past_the_end_of_the_line(room, text):
    stream, clock, progress = line(room)
    clock.now = 1.0
    progress.tick(90)
    assert screen(stream.getvalue()) == [text]


def test_a_terminal_that_has_gone_is_no_failure():
    stream, clock, progress = line()
    stream.close()
    clock.now = 1.0
    progress.tick(10)
    progress.clear()


def test_distinct_interleavings_are_counted_up_to_a_limit():
    stream, clock, progress = line(total=100_000)
    for number in range(MOST_DISTINCT + 5):
        progress.tick(number + 1, number)
    clock.now = 1.0
    progress.tick(20_000, -1)
    assert "10,000+ distinct" in stream.getvalue()


SOURCE = """
import time
def test_slow(thread_runner):
    shared = {}
    def work():
        for i in range(3):
            shared[i] = shared.get(i, 0)
            time.perf_counter_ns() and sum(range(4000))
    print("printed by the test")
    thread_runner.run(work, work, work)
def test_next(): pass
"""


def in_terminal(pytester, *args, term="xterm", columns="80"):
    """Run pytest on a pseudo-terminal and return all that it wrote there."""
    pytester.makepyfile(test_it=SOURCE)
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": term, "COLUMNS": columns, "PYTEST_ADDOPTS": ""}
    command = [sys.executable, "-m", "pytest", "-p", "no:randomly", "-p", "no:cacheprovider",
               "--concurrency-max-seconds=1.5", "--concurrency-schedules=100000", "--concurrency-strategy=random"]  # fmt: skip
    process = subprocess.Popen([*command, *args], stdin=theirs, stdout=theirs, stderr=theirs, env=environment,
                               cwd=pytester.path)  # fmt: skip
    os.close(theirs)
    written = b""
    end = time.monotonic() + 120
    try:
        while time.monotonic() < end:
            if select.select([ours], [], [], 1.0)[0]:
                try:
                    chunk = os.read(ours, 65536)
                except OSError:  # the other side is closed
                    break
                if not chunk:
                    break
                written += chunk
        assert process.wait(timeout=30) == 0, written
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return written.decode()


def test_on_a_terminal(pytester):
    text = in_terminal(pytester)
    assert re.search(r"\[\d+/100000 schedules, [\d,.]+/s, [\d,]+ distinct, \d+ s left\]", text)
    shown = screen(text)
    assert not [row for row in shown if "schedules," in row and "stressed" not in row], "it is gone at the end"
    (row,) = [row for row in shown if row.startswith("test_it.py .")]
    assert re.fullmatch(r"test_it\.py \.\. +\[100%\]", row), "what pytest writes stands where it should"


def test_verbose(pytester):
    text = in_terminal(pytester, "-v", columns="120")
    assert "/100000 schedules, " in text
    rows = [row for row in screen(text) if row.startswith("test_it.py::")]
    assert [re.sub(" +", " ", row) for row in rows[:2]] == [
        "test_it.py::test_slow PASSED [ 50%]", "test_it.py::test_next PASSED [100%]"
    ]  # fmt: skip


def test_not_where_the_test_itself_writes_to_the_terminal(pytester):
    text = in_terminal(pytester, "-s", "--concurrency-max-seconds=0.8")
    assert "/100000" not in text
    assert "\x1b[K" not in text


class Config:
    """A configuration of pytest on a terminal, with some things changed."""

    def __init__(self, **changes):
        self.option = types.SimpleNamespace(verbose=0, capture="fd", log_cli_level=None, numprocesses=None)
        vars(self.option).update({key: value for key, value in changes.items() if key in vars(self.option)})
        self.pluginmanager = self
        self.stash = pytest.Stash()
        self._changes = changes
        if "workerinput" in changes:
            self.workerinput = changes["workerinput"]

    def get_plugin(self, name):
        if name == "capturemanager":
            return types.SimpleNamespace(global_and_fixture_disabled=contextlib.nullcontext)
        reporter = object.__new__(self._changes.get("reporter", TerminalReporter))
        reporter.isatty = self._changes.get("isatty", True)
        return reporter

    def getini(self, name):
        return self._changes.get(name, False)

    def get_terminal_writer(self):
        return types.SimpleNamespace(_file=io.StringIO(), width_of_current_line=10)


class OtherReporter(TerminalReporter):
    pass


@pytest.mark.parametrize(
    "changes", [{"verbose": -1}, {"capture": "no"}, {"capture": "tee-sys"}, {"log_cli": True}, {"log_cli_level": "INFO"},
                {"numprocesses": 2}, {"workerinput": {}}, {"isatty": False}, {"reporter": OtherReporter}], ids=str,
)  # fmt: skip
def test_where_it_would_be_in_the_way(monkeypatch, changes):
    monkeypatch.setenv("TERM", "xterm")
    assert progress_for(Config(), 10, 1.0) is not None
    assert progress_for(Config(**changes), 10, 1.0) is None
    monkeypatch.setenv("TERM", "dumb")
    assert progress_for(Config(), 10, 1.0) is None


def test_not_on_a_pipe(pytester):
    pytester.makepyfile(test_it=SOURCE)
    result = pytester.runpytest_subprocess("--concurrency-max-seconds=0.8", "--concurrency-schedules=100000")
    assert "\x1b" not in result.stdout.str()
    assert "/100000 schedules" not in result.stdout.str()
