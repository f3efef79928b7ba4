"""A thread of a fixture of wider scope does something by itself every now and then; sleeping tests wait for it."""

import threading
import time

import pytest


class Ticker(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.count = 0
        self.stopping = threading.Event()

    def run(self):
        while not self.stopping.wait(0.02):
            self.count += 1


@pytest.fixture(scope="module")
def ticker():
    ticker = Ticker()
    ticker.start()
    yield ticker
    ticker.stopping.set()
    ticker.join()


@pytest.mark.stress_threads(workers=0, schedules=10)
def test_a_tick_comes_in_time(ticker):
    begun = ticker.count
    deadline = time.monotonic() + 5
    while ticker.count == begun:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.stress_threads(schedules=10)
def test_both_see_a_tick(ticker, thread_runner):
    def sees_a_tick():
        begun = ticker.count
        for _ in range(100):
            if ticker.count > begun:
                return True
            time.sleep(0.05)
        return False

    assert thread_runner.run(sees_a_tick, sees_a_tick) == [True, True]
