"""The bound on a body that runs in this process."""

from __future__ import annotations

import signal

from pytest_concurrency.watch.deadline import Deadline


def alarm() -> tuple[float, float]:
    """The alarm that is set, in whole minutes: there may be one of the test runner's."""
    left, interval = signal.getitimer(signal.ITIMER_REAL)
    return round(left / 60), interval


def test_an_alarm_that_another_thread_gets_is_not_the_last_one() -> None:
    before = alarm()
    with Deadline(5, lambda frame, passed: False):
        _, again = signal.getitimer(signal.ITIMER_REAL)
        assert again > 0
    assert alarm() == before


def test_it_raises_no_more_often_than_is_of_use() -> None:
    before = alarm()
    deadline = Deadline(0.01, lambda frame, passed: True)
    deadline._raised = 100
    try:
        with deadline:
            while True:
                signal.pause()
    except BaseException:
        left = alarm()
    assert left == before
