"""insort and heappush are one step each: no lock is needed where nothing else is done."""

import heapq
from bisect import insort


def test_all_are_there_in_order(thread_runner):
    ordered, heap = [5], [5]

    def add(number):
        insort(ordered, number)
        heapq.heappush(heap, number)

    thread_runner.run(lambda: add(1), lambda: add(9), lambda: add(3))
    assert ordered == [1, 3, 5, 9]
    assert [heapq.heappop(heap) for _ in range(4)] == [1, 3, 5, 9]
