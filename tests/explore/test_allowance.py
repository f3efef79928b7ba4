"""What running every interleaving may take of a budget."""

import pytest

from pytest_concurrency.explore.allowance import Allowance
from pytest_concurrency.realtime import RealTime


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(RealTime, "monotonic", lambda: now[0])
    return now


def test_a_turn_is_a_share_of_the_schedules(clock):
    allowance = Allowance(schedules=400, seconds=10)
    allowance.begin(50, left=10)
    assert [allowance.is_over(50 + runs, done=0) for runs in (0, 19, 20)] == [False, False, True]


def test_a_turn_is_a_share_of_the_time_that_is_left(clock):
    allowance = Allowance(schedules=400, seconds=10)
    allowance.begin(0, left=4)
    clock[0] += 0.3
    assert allowance.is_over(1, done=0)


def test_it_goes_on_where_the_budget_will_do(clock):
    allowance = Allowance(schedules=200, seconds=10)
    allowance.begin(0, left=10)
    assert not allowance.is_over(50, done=0.3)
    assert allowance.is_over(50, done=0.2)


def test_turns_add_up(clock):
    allowance = Allowance(schedules=200, seconds=10)
    allowance.begin(0, left=10)
    allowance.end(50)
    allowance.begin(100, left=5)
    assert not allowance.is_over(111, done=0.31)
    assert allowance.is_over(111, done=0.29)
