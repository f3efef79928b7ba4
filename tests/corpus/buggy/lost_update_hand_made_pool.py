"""A pool made by hand: in serial order one of its threads does all the work."""

import queue
import threading

import pytest

EXPECT = {"codes": ["CH101"], "max_schedule": None}


class Pool:
    def __init__(self, size):
        self.done = 0
        self.tasks = queue.Queue()
        self.threads = [threading.Thread(target=self.work) for _ in range(size)]
        for thread in self.threads:
            thread.start()

    def work(self):
        while (task := self.tasks.get()) is not None:
            task()
            self.done += 1  # BUG

    def close(self):
        for _ in self.threads:
            self.tasks.put(None)
        for thread in self.threads:
            thread.join()


@pytest.mark.stress_threads(workers=0)
def test_pool():
    pool = Pool(2)
    for _ in range(4):
        pool.tasks.put(str)
    pool.close()
