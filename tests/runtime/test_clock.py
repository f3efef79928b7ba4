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


class Clocks:
    """Real clocks that can be moved, as what travels in time below Python moves those of ``time``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.since, self.moved, self.stands = 0.0, 0.0, False
        begin = {name: getattr(RealTime, name)() for name in ("monotonic", "time")}

        def wall() -> float:
            self.since += 0.0 if self.stands else 0.001
            return begin["time"] + self.moved + (0.0 if self.stands else self.since)

        monkeypatch.setattr(RealTime, "time", staticmethod(wall))
        monkeypatch.setattr(RealTime, "time_ns", staticmethod(lambda: int(wall() * 1e9)))
        monkeypatch.setattr(RealTime, "monotonic", staticmethod(lambda: begin["monotonic"] + self.since))


def test_the_wall_clock_travels_along(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = Clocks(monkeypatch)
    clock = VirtualClock()
    here = clock.time()
    clock.advance_to(clock.now + 100)
    clocks.moved = -1e8
    there = clock.time()
    assert there == pytest.approx(here - 1e8, abs=1), "the sleep before the journey is none of its time"
    clock.advance_to(clock.now + 50)
    assert clock.time() == pytest.approx(there + 50, abs=0.001)
    assert clock.time_ns() == pytest.approx((there + 50) * 1e9, abs=1e6)
    clocks.moved = 0.0
    assert clock.time() == pytest.approx(here + 150, abs=0.001)


def test_a_wall_clock_that_is_held_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = Clocks(monkeypatch)
    clock = VirtualClock()
    clocks.moved, clocks.stands = 1e8, True
    first, exact = clock.time(), clock.time_ns()
    clock.advance_to(clock.now + 10)
    assert (clock.time(), clock.time_ns()) == (first, exact) == (RealTime.time(), RealTime.time_ns())
