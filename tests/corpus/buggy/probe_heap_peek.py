"""The head of a heap is looked at, then popped: someone else's head."""

import heapq

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": 2}


class Timetable:
    def __init__(self, *times):
        self.heap = list(times)
        heapq.heapify(self.heap)

    def due(self, now):
        if self.heap and self.heap[0] <= now:  # BUG
            return heapq.heappop(self.heap)  # BUG
        return None


def test_only_due(thread_runner):
    timetable = Timetable(5, 20)
    got = thread_runner.run(lambda: timetable.due(10), lambda: timetable.due(10))
    assert 20 not in got
