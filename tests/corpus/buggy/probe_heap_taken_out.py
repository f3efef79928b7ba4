"""The least loaded server is popped from the heap and pushed back with its new load: meanwhile there is none."""

import heapq

EXPECT = {"codes": ["CH108", "CH110", "CH102"], "max_schedule": 6}


def assign(heap):
    load, server = heapq.heappop(heap)  # BUG
    heapq.heappush(heap, (load + 1, server))  # BUG
    return server


def test_assigned(thread_runner):
    heap = [(0, "a")]
    thread_runner.run(lambda: assign(heap), lambda: assign(heap))
    assert heap == [(2, "a")]
