"""The lock guards each call on the heap, and not what happens between two of them."""

import threading
from heapq import heapify, heappop

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Jobs:
    def __init__(self, *due):
        self.lock = threading.Lock()
        self.heap = list(due)
        heapify(self.heap)

    def ready(self, now):
        with self.lock:
            return bool(self.heap) and self.heap[0] <= now  # BUG

    def take(self, now):
        if not self.ready(now):
            return None
        with self.lock:
            return heappop(self.heap)  # BUG


def test_only_ready_jobs(thread_runner):
    jobs = Jobs(5, 20)
    taken = thread_runner.run(lambda: jobs.take(10), lambda: jobs.take(10))
    assert 20 not in taken
