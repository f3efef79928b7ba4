"""A report is as wide as the terminal."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_concurrency.report.lanes import lanes
from pytest_concurrency.report.terminal import write_summary
from pytest_concurrency.trace.outcome import Row

SOURCE = """
import pytest
class Counter:
    def __init__(self): self.a_rather_long_name_of_a_value = 0
    def increment(self):
        self.a_rather_long_name_of_a_value = self.a_rather_long_name_of_a_value + 1  # and a comment behind it
@pytest.fixture
def counter(): return Counter()
@pytest.mark.stress_threads
def test_count(counter): counter.increment()
"""


@pytest.mark.parametrize("columns, arguments", [(60, ()), (140, ("-n", "1"))], ids=["alone", "xdist"])
def test_lines_of_a_report(pytester, monkeypatch, columns, arguments):
    if arguments:
        pytest.importorskip("xdist")
    monkeypatch.setenv("COLUMNS", str(columns))
    pytester.makepyfile(test_it=SOURCE)
    result = pytester.runpytest_subprocess("-p", "no:randomly", "--color=no", *arguments)
    begin = result.outlines.index("CH101 lost update")
    end = next(n for n, line in enumerate(result.outlines) if line.startswith("Replay:"))
    report = result.outlines[begin:end]
    longest = max(len(line) for line in report)
    assert longest <= columns, [line for line in report if len(line) > columns]
    if columns == 140:
        assert longest > 110, "what there is is used"


KINDS = {
    "processes": """
import multiprocessing, pytest
@pytest.fixture
def counter(): return multiprocessing.get_context("fork").Value("i", 0)
@pytest.mark.stress_processes(repeats=1, start_method="fork")
def test_count(counter): counter.value += 1  # and a comment behind it that goes on and on and on and on and on and on
""",
    "greenlets": """
import time
def test_count(greenlet_runner):
    found = {}
    def count():
        n = found.get("a_rather_long_name_of_a_value", 0)
        time.sleep(0.001)
        found["a_rather_long_name_of_a_value"] = n + 1  # and a comment behind it that goes on and on and on and on and on
    greenlet_runner.run(count, count)
    assert found == {"a_rather_long_name_of_a_value": 2}
""",
}


@pytest.mark.parametrize("columns", [60, 140])
@pytest.mark.parametrize("kind", list(KINDS))
def test_lines_of_a_report_on_processes_and_greenlets(pytester, monkeypatch, kind, columns):
    if kind == "greenlets":
        pytest.importorskip("gevent")
    monkeypatch.setenv("COLUMNS", str(columns))
    pytester.makepyfile(test_it=KINDS[kind])
    result = pytester.runpytest_subprocess("-p", "no:randomly", "--color=no")
    begin = next(n for n, line in enumerate(result.outlines) if line in SHOWN)
    rows = [line for line in result.outlines[begin:] if re.match("[> ] .*[ y]:[0-9]+  ", line)]
    longest = max(len(line) for line in rows)
    assert (longest <= 60) if columns == 60 else (110 < longest <= 140), rows


SHOWN = ("CH101 lost update", "CH110 schedule-dependent failure")
PROSE = {
    "greenlets": """
import time, pytest
from time import sleep as a_sleep_that_was_bound_before_anybody_had_patched
@pytest.mark.stress_greenlets(repeats=2, patch="late")
def test_blocked():
    time.sleep(0)
    a_sleep_that_was_bound_before_anybody_had_patched(0.1)
""",
    "processes": """
import multiprocessing, pytest
a_rather_long_name_of_a_value = {}
def change(): a_rather_long_name_of_a_value["key of the value"] = "something that is not so short either"
@pytest.mark.stress_processes(workers=0, repeats=1)
def test_not_shared():
    child = multiprocessing.get_context("fork").Process(target=change)
    child.start()
    child.join()
    print(a_rather_long_name_of_a_value)
def fail(number): raise ValueError(number)
@pytest.mark.stress_processes(workers=0, repeats=1)
def test_failing():
    pool = multiprocessing.get_context("fork").Pool(1)
    pool.apply_async(fail, (1,))
    pool.close()
    pool.join()
""",
    "parallelism": """
import pytest
def count(numbers):
    return sum(number * number for number in range(numbers))
@pytest.mark.parallelism(max_seconds=2)
def test_slow():
    count(200_000)
""",
}


@pytest.mark.parametrize("kind", list(PROSE))
def test_sentences_of_other_hazards_are_as_wide_as_the_terminal(pytester, monkeypatch, kind):
    if kind == "greenlets":
        pytest.importorskip("gevent")
    monkeypatch.setenv("COLUMNS", "70")
    pytester.makepyfile(test_it=PROSE[kind])
    pytester.makeini("[pytest]\nconcurrency_error = CH201 CH304")
    result = pytester.runpytest_subprocess("-p", "no:randomly", "--color=no")
    lines = result.outlines[: next(n for n, line in enumerate(result.outlines) if "= concurrency =" in line)]
    told = [line for line in lines if re.match(r"CH[234]\d\d [a-z]|Cause: |Fix: |What releases", line)]
    assert len(told) >= 2
    assert max(len(line) for line in told) <= 70, told
    assert any(len(line) > 50 for line in told), "what there is is used"


@pytest.mark.parametrize("isatty", [True, False])
def test_the_summary_is_as_wide_as_the_terminal(pytestconfig, monkeypatch, isatty):
    monkeypatch.setattr("pytest_concurrency.report.terminal.columns", lambda config: 70)
    hazard = {
        "code": "CH304", "name": "patched too late", "severity": "warning", "known": False,
        "message": "patch_all() ran after this module had taken what it replaces: time.sleep, socket.socket, select",
        "detail": "",
    }  # fmt: skip
    result = {
        "nodeid": "test_it.py::test_it", "outcome": "passed", "hazards": [hazard], "exhaustive": False, "schedules": 1,
        "notes": ["the workers share nothing that is seen: no further schedules were explored, as nothing can differ"],
    }  # fmt: skip
    lines: list[str] = []

    class Reporter:
        verbosity = 0
        config = pytestconfig

        def section(self, title: str, sep: str) -> None: ...

        def line(self, text: str, **_: bool) -> None:
            lines.append(text)

    Reporter.isatty = isatty
    write_summary(Reporter(), [result])
    assert len(lines) == (6 if isatty else 3), lines
    assert (max(len(line) for line in lines) <= 70) == isatty


def test_the_line_of_a_place_is_there_however_long_the_name_of_its_file(monkeypatch):
    monkeypatch.setattr("linecache.getline", lambda *_: "counter.value += 1")
    name = "test_of_something_with_a_long_name.py"
    rows = [Row(str(n), f"/r/{name}", 27, "read", "x" * 60, "1", "s", n, 1) for n in range(3)]
    drawn = lanes(rows, Path("/r"), columns=80)
    assert max(len(line) for line in drawn) <= 80
    assert drawn[0].endswith("source in ..ith_a_long_name.py"), drawn[0]
    assert drawn[2].endswith(" :27  counter.value += 1"), drawn[2]


def test_many_workers_and_long_cells():
    rows = [Row(str(n), "/r/a.py", 1, "read", "x" * 60, "1", "s", n, 1) for n in range(3)]
    drawn = lanes(rows, Path("/r"), columns=80)
    assert max(len(line) for line in drawn) <= 80
    assert "xx.." in drawn[2], "what is cut says so"
    rows = [Row(str(n), "/r/a.py", 1, "read", "x" * 60, "1", "s", n, 1) for n in range(12)]
    assert "a.py:1" in lanes(rows, Path("/r"), columns=80)[2], "the place is there, however many workers"


@pytest.mark.parametrize("workers", [2, 3, 4])
def test_rows_that_decide_keep_their_source(workers, tmp_path):
    file = tmp_path / "test_account.py"
    file.write_text("if self.balance >= amount:\n")
    rows = [
        Row(str(n), str(file), 1, action, "Account.balance", "100", "s", n, 1)
        for n in range(workers)
        for action in ("read", "write")
    ]
    drawn = lanes(rows, tmp_path, rows[:2], columns=110)
    plain = lanes(rows, tmp_path, (), columns=110)
    assert max(len(line) for line in drawn) <= 110
    assert drawn[-1] == "  (> the order of these rows decides)"
    assert [line for line in drawn[:-1] if line.startswith("> ")] == [f"> {line[2:]}" for line in plain[2:4]]
    assert [line[2:] for line in drawn[:-1]] == [line[2:] for line in plain], "the mark costs nothing"
    assert all(">= amount" in line for line in drawn if "balance -" in line)
    assert all("balance -> 100 " in line or "balance = 100 " in line for line in drawn[2:] if ":1  " in line)


def test_what_is_too_long_for_a_lane_loses_its_owner_before_its_value():
    rows = [Row(str(n), "/r/a.py", 1, "write", "AnAccountOfSomebody.balance", str(n), "s", n, 1) for n in range(4)]
    rows.append(replace(rows[0], target="Other.x"))
    drawn = "\n".join(lanes(rows, Path("/r"), columns=80))
    assert "balance = 0 " in drawn and "Account" not in drawn
    assert "Other.x = 0" in drawn, "what is short enough is shown as it is"


def test_who_holds_a_lock_is_left_out_before_which_it_is():
    def drawn(columns):
        rows = [Row(str(n), "/r/a.py", 1, "wait for", f"lock #{n}", f"held by worker {n}", "s", n, n) for n in range(3)]
        return lanes(rows, Path("/r"), columns=columns)[2]

    assert "wait for lock #0 (held by worker 0)" in drawn(160)
    assert "wait for lock #0 (held by 0) " in drawn(110)
    assert "wait for lock #0  " in drawn(80)
