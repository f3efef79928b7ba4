"""``datetime.now()`` and its like agree with the sleeps and the other clocks of a controlled run."""

from __future__ import annotations

import pytest

from pytester_runs import run

PRESENT = """
    import datetime
    import time
    from datetime import date, datetime as moment, timedelta, timezone

    import pytest

    class Mine(moment):
        pass

    class Fixed(moment):
        @classmethod
        def now(cls, tz=None):
            return cls(2020, 1, 1)

    @pytest.mark.stress_threads
    def test_sleep():
        before, aware = moment.now(), datetime.datetime.now(timezone.utc)
        time.sleep(3600)
        assert moment.now() - before >= timedelta(hours=1)
        assert datetime.datetime.now(tz=timezone.utc) - aware >= timedelta(hours=1)

    @pytest.mark.stress_threads(schedules=20)
    def test_waits_until(thread_runner):
        import threading

        def until():
            end, event, rounds = moment.now() + timedelta(seconds=60), threading.Event(), 0
            while (left := (end - moment.now()).total_seconds()) > 0:
                event.wait(left)
                rounds += 1
            return rounds

        assert thread_runner.run(until, workers=2) == [1, 1]

    @pytest.mark.stress_threads(workers=0)
    def test_kinds():
        time.sleep(100)
        now = time.time()
        assert 0 <= moment.now().timestamp() - now < 1
        assert 0 <= moment.today().timestamp() - now < 1
        assert date.fromtimestamp(now) <= date.today() <= date.fromtimestamp(now + 1)
        assert type(Mine.now()) is Mine
        assert Fixed.now() == Fixed(2020, 1, 1)
        assert moment.now.__name__ == "now"

    @pytest.mark.filterwarnings("ignore:.*utcnow:DeprecationWarning:test_")
    @pytest.mark.stress_threads(workers=0)
    def test_utcnow():
        time.sleep(100)
        assert 0 <= moment.utcnow().replace(tzinfo=timezone.utc).timestamp() - time.time() + 1 < 2
"""


def test_dates_are_virtual_too(pytester: pytest.Pytester) -> None:
    done = run(pytester, PRESENT, "-W", "error")
    assert done.outcomes == dict.fromkeys(("test_sleep", "test_waits_until", "test_kinds", "test_utcnow"), "PASSED"), (
        done.text
    )
