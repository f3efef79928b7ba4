"""A worker that polls is told from one that computes: the first comes back to the same point in the same state."""

from __future__ import annotations

import pytest

import pytester_runs


@pytest.fixture
def run(pytester):
    def run(source: str):
        pytester.makepyfile(source)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:randomly", timeout=120)

    return run


def test_long_reading_is_no_livelock(run):
    result = run(
        """
        import threading

        class Config:
            rate = 1

        config = Config()

        def compute():
            total = 0
            for number in range(60_000):
                total += config.rate
            return total

        def test_reading(thread_runner):
            config.rate = 2
            assert thread_runner.run(compute, workers=2) == [120_000] * 2
        """
    )
    result.assert_outcomes(passed=1)


def test_polling_for_what_nobody_writes_is_a_livelock(run):
    result = run(
        """
        class Flag:
            up = False

        flag = Flag()

        def wait():
            while not flag.up:
                pass

        def test_polling(thread_runner):
            flag.up = False
            thread_runner.run(wait, workers=2)
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*CH107*"])


def test_polling_under_a_lock_lets_others_have_their_turn(run):
    """Each round takes and releases a lock, so it looks like headway; the poller still has to be interrupted."""
    result = run(
        """
        import queue, threading, time

        def test_lock(thread_runner):
            lock, state = threading.Lock(), {"done": False}

            def poll():
                while True:
                    with lock:
                        if state["done"]:
                            return True

            def work():
                time.sleep(5)
                with lock:
                    state["done"] = True

            assert thread_runner.run(poll, work) == [True, None]

        def test_queue(thread_runner):
            items = queue.Queue()

            def poll():
                while True:
                    try:
                        return items.get_nowait()
                    except queue.Empty:
                        pass

            assert thread_runner.run(poll, lambda: items.put(1)) == [1, None]
        """
    )
    result.assert_outcomes(passed=2)


def test_polling_that_counts_its_rounds_lets_others_have_their_turn(run):
    """It is in a new state each time, like what computes; others have to have a turn now and then."""
    result = run(
        """
        import os

        def test_counting(thread_runner, tmp_path):
            path = tmp_path / "there"

            def poll():
                rounds = 0
                while not os.path.exists(path):
                    rounds += 1
                return rounds

            thread_runner.run(poll, path.touch)
        """
    )
    result.assert_outcomes(passed=1)


def test_a_long_computation_is_not_held_up_at_each_of_its_calls(pytester):
    pytester.makeconftest(
        """
        def pytest_concurrency_schedule_finished(outcome):
            print("announced", outcome.steps)
        """
    )
    pytester.makepyfile(
        """
        import pytest

        def square(number):
            return number * number

        @pytest.mark.stress_threads(schedules=1)
        def test_own():
            assert sum(square(number) for number in range(200_000))

        @pytest.mark.stress_threads(schedules=1)
        def test_builtin():
            largest = 0
            for number in range(200_000):
                largest = max(largest, number % 7)
        """
    )
    result = pytester.runpytest_subprocess("-s", "-p", "no:cacheprovider", "-p", "no:randomly", timeout=120)
    result.assert_outcomes(passed=2)
    announced = [int(line.split()[-1]) for line in result.outlines if "announced" in line]
    assert announced and max(announced) < 200_000, "two workers make 400,000 calls"


BLIND_POLLERS = """
    import os
    import time

    def both(thread_runner, poll, bring):
        assert thread_runner.run(poll, bring)[0]

    def test_file(thread_runner, tmp_path):
        path = tmp_path / "there"

        def poll():
            while not os.path.exists(path):
                pass
            return True

        both(thread_runner, poll, path.touch)

    def test_file_with_a_deadline(thread_runner, tmp_path):
        path = tmp_path / "there"

        def poll():
            end = time.monotonic() + 30
            while not path.exists():
                now = time.monotonic()
                if now > end:
                    return False
            return True

        both(thread_runner, poll, path.touch)

    def test_environment(thread_runner):
        os.environ.pop("POLLED", None)

        def poll():
            while "POLLED" not in os.environ:
                pass
            return True

        def bring():
            os.environ["POLLED"] = "1"

        both(thread_runner, poll, bring)

    def test_clock(thread_runner):
        def poll():
            end = time.monotonic() + 30
            while time.monotonic() < end:
                pass
            return True

        both(thread_runner, poll, poll)
"""


def test_what_polls_something_that_is_not_watched_is_seen_soon(pytester):
    """Each of these runs took seconds of real time, until somebody noticed that a worker computes for long."""
    done = pytester_runs.run(pytester, BLIND_POLLERS)
    assert set(done.outcomes.values()) == {"PASSED"}, done.text
    assert len(done.tests) == 4
    for name, test in done.tests.items():
        assert test["schedules"] >= 40, name


def test_what_computes_is_not_watched_closely_for_long(pytester):
    pytester.makeconftest(
        """
        def pytest_concurrency_schedule_finished(outcome):
            print("announced", outcome.steps)
        """
    )
    pytester.makepyfile(
        """
        import pytest

        class Table:
            factor = 3

            def __init__(self):
                self.offset = 1

        @pytest.mark.stress_threads(schedules=8)
        def test_own():
            table, total = Table(), 0
            for number in range(400_000):
                total += table.factor * table.offset + number
        """
    )
    result = pytester.runpytest_subprocess("-s", "-p", "no:cacheprovider", "-p", "no:randomly", timeout=120)
    result.assert_outcomes(passed=1)
    announced = [int(line.split()[-1]) for line in result.outlines if "announced" in line]
    assert len(announced) > 4
    assert max(announced[3:]) < 40_000, announced
