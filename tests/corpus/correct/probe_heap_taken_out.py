"""The least loaded server is popped from the heap and pushed back with its new load, under a lock."""

import heapq
import threading

LOCK = threading.Lock()


def assign(heap):
    with LOCK:
        load, server = heapq.heappop(heap)
        heapq.heappush(heap, (load + 1, server))
    return server


def test_assigned(thread_runner):
    heap = [(0, "a")]
    thread_runner.run(lambda: assign(heap), lambda: assign(heap))
    assert heap == [(2, "a")]
