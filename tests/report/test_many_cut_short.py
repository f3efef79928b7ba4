"""A suite that is cut short in many tests names some of them."""

from __future__ import annotations

import pytest

SOURCE = """
import pytest

class Counter:
    n = 0
    def add(self):
        for _ in range(50):
            self.n = 1
            self.n

@pytest.mark.parametrize("n", range(13))
def test_add(thread_runner, n):
    thread_runner.run(Counter().add, workers=3)
"""


@pytest.mark.parametrize("verbose", [False, True])
def test_first_ten_unless_verbose(pytester, verbose):
    pytester.makepyfile(SOURCE)
    args = ["-v"] if verbose else []
    lines = pytester.runpytest_subprocess("-p", "no:randomly", "--concurrency-max-seconds=0.01", *args).outlines
    named = [line for line in lines if ": cut short by max_seconds" in line]
    more = [line for line in lines if line.endswith("(-v names them all)")]
    assert (len(named), more) == (13, []) if verbose else (10, ["3 more tests cut short (-v names them all)"])
