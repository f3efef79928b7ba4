"""The threads of a pool that has no way to end them; the report shows where they were started."""

import queue
import threading

import pytest

EXPECT = {"codes": ["CH109"], "max_schedule": 1}


class Pool:
    def __init__(self, size):
        self.tasks = queue.Queue()
        for _ in range(size):
            threading.Thread(target=self.work).start()  # BUG

    def work(self):
        while True:
            self.tasks.get()()


@pytest.mark.stress_threads(workers=0)
def test_pool():
    Pool(2).tasks.put(str)
