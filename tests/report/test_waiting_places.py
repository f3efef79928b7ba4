"""Where a stuck worker is said to wait, and how a report shows what was done many times over."""

from __future__ import annotations

from pytest_concurrency.report.repeats import without_repeats
from pytest_concurrency.runtime.trace import Row
from pytester_runs import run

SOURCE = """\
import threading

def test_opposite_orders(thread_runner):
    first, second = threading.Lock(), threading.Lock()
    ready = threading.Event()
    def one():
        ready.set()  # what it did last with the library is not where it waits
        with first:
            with second:  # here
                pass
    def two():
        ready.is_set()
        with second:
            with first:  # here
                pass
    thread_runner.run(one, two)
"""


def test_a_worker_waits_at_its_own_with_statement(pytester):
    done = run(pytester, SOURCE)
    (hazard,) = done.tests["test_opposite_orders"]["hazards"]
    assert hazard["code"] == "CH104"
    lines = SOURCE.splitlines()
    waits = [place for place in hazard["locations"] if place["action"] == "wait"]
    assert [lines[place["line"] - 1].rpartition("# ")[2] for place in waits] == ["here", "here"], hazard["message"]


def row(line: int, worker: str = "0", value: str = "", step: int = 0) -> Row:
    return Row(worker, "/r/a.py", line, "read", "flag", value, f"s{line}", step, 1)


def told(rows: list[Row]) -> list[str]:
    return [f"{r.worker}:{r.line}" if r.line else r.action for r in rows]


def test_a_row_that_is_repeated_is_shown_first_and_last():
    rows = [row(1), *(row(2, step=step) for step in range(30)), row(3)]
    assert told(without_repeats(rows, ())) == ["0:1", "0:2", "28 times more", "0:2", "0:3"]


def test_a_loop_of_several_rows_is_shown_first_and_last():
    rows = [row(1), *[row(2), row(3), row(4)] * 9, row(5)]
    assert told(without_repeats(rows, ())) == [
        "0:1",
        *["0:2", "0:3", "0:4"],
        "7 times more",
        "0:2",
        "0:3",
        "0:4",
        "0:5",
    ]


def test_little_repetition_other_workers_and_other_values_are_shown_as_they_are():
    rows = [*[row(1)] * 3, row(1, "1"), row(1), row(1, value="a"), row(1, value="b"), row(1, value="c"), row(2)]
    assert without_repeats(rows, ()) == rows


def test_a_row_that_decides_is_shown():
    rows = [row(2, step=step) for step in range(30)]
    assert rows[12] in without_repeats(rows, [rows[12]])
