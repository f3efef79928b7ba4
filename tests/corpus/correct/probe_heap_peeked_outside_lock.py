"""The lock guards the look at the heap and what is done upon it."""

import threading
from heapq import heapify, heappop


class Jobs:
    def __init__(self, *due):
        self.lock = threading.Lock()
        self.heap = list(due)
        heapify(self.heap)

    def take(self, now):
        with self.lock:
            if not self.heap or self.heap[0] > now:
                return None
            return heappop(self.heap)


def test_only_ready_jobs(thread_runner):
    jobs = Jobs(5, 20)
    taken = thread_runner.run(lambda: jobs.take(10), lambda: jobs.take(10))
    assert 20 not in taken
