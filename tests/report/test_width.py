"""A report is as wide as the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_concurrency.report.lanes import lanes
from pytest_concurrency.runtime.trace import Row

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


def test_many_workers_and_long_cells():
    rows = [Row(str(n), "/r/a.py", 1, "read", "x" * 60, "1", "s", n, 1) for n in range(3)]
    drawn = lanes(rows, Path("/r"), columns=80)
    assert max(len(line) for line in drawn) <= 80
    assert "xx.." in drawn[2], "what is cut says so"
    rows = [Row(str(n), "/r/a.py", 1, "read", "x" * 60, "1", "s", n, 1) for n in range(12)]
    assert "a.py:1" in lanes(rows, Path("/r"), columns=80)[2], "the place is there, however many workers"
