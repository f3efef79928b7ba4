"""Virtual time goes on from where the real clocks were when the fixtures of the run were set up."""

from __future__ import annotations

import pytest

from pytest_concurrency.realtime import RealTime
from pytest_concurrency.runtime.clock import VirtualClock
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


def test_the_same_steps_of_time_are_rounded_alike_in_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def told(begin: float) -> list[float]:
        for name in ("monotonic", "perf_counter", "time"):
            monkeypatch.setattr(RealTime, name, staticmethod(lambda: begin))
        clock = VirtualClock()
        first = clock.monotonic()
        assert first >= begin
        deadline = first + 0.1
        clock.advance_to(clock.now + 0.1)
        return [deadline - clock.monotonic() for _ in range(9)]

    assert told(1300.123456789) == told(1400.987654321) == told(1999.000000001)
