"""The stop flag may overtake the work, and does in the first order that is tried."""

import queue
import threading

import pytest

EXPECT = {"codes": ["CH110"], "max_schedule": 1}


class Consumer:
    def __init__(self):
        self.items = queue.Queue()
        self.stop = threading.Event()
        self.got = []

    def run(self):
        while not self.stop.is_set():  # BUG
            try:
                item = self.items.get(timeout=0.1)
            except queue.Empty:
                continue
            self.got.append(item)


@pytest.mark.stress_threads(workers=0)
def test_consumer():
    consumer = Consumer()
    thread = threading.Thread(target=consumer.run)
    thread.start()
    for item in range(3):
        consumer.items.put(item)
    consumer.stop.set()  # BUG
    thread.join()
    assert sorted(consumer.got) == [0, 1, 2]
