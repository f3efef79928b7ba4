"""The head of a heap is looked at and popped under a lock."""

import heapq
import threading


class Timetable:
    def __init__(self, *times):
        self.heap = list(times)
        heapq.heapify(self.heap)
        self.lock = threading.Lock()

    def due(self, now):
        with self.lock:
            if self.heap and self.heap[0] <= now:
                return heapq.heappop(self.heap)
        return None


def test_only_due(thread_runner):
    timetable = Timetable(5, 20)
    got = thread_runner.run(lambda: timetable.due(10), lambda: timetable.due(10))
    assert 20 not in got
