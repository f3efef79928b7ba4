"""Virtual time goes on from where the real clocks were when the fixtures of the run were set up."""

from __future__ import annotations

import pytest

from pytester_runs import run

NOTED_BY_A_FIXTURE = """
    import time

    import pytest

    def now():
        return [time.monotonic(), time.perf_counter(), time.time()]

    @pytest.fixture
    def noted():
        return now()

    @pytest.mark.stress_threads(schedules=20)
    def test_clocks(noted):
        assert all(later >= earlier for earlier, later in zip(noted, now()))
"""


def test_no_clock_goes_back_from_a_fixture_to_the_test(pytester: pytest.Pytester) -> None:
    done = run(pytester, NOTED_BY_A_FIXTURE)
    assert done.outcomes == {"test_clocks": "PASSED"}, done.text
    assert done.tests["test_clocks"]["notes"] == []
