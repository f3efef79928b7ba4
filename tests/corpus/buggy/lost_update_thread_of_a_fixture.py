"""A thread that a fixture has started counts what the test counts, too."""

import queue
import threading

import pytest

EXPECT = {"codes": ("CH101",), "max_schedule": 20}


class Meter:
    def __init__(self):
        self.total = 0
        self.inbox = queue.Queue()
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        while (n := self.inbox.get()) is not None:
            self.add(n)

    def add(self, n):
        self.total += n  # BUG


@pytest.fixture
def meter():
    meter = Meter()
    yield meter
    meter.inbox.put(None)
    meter.thread.join()


@pytest.mark.stress_threads(workers=0)
def test_meter(meter):
    meter.inbox.put(1)
    meter.add(2)
