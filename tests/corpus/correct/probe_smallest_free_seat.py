"""The smallest free number is popped from a heap by one call in C."""

import heapq


class Theatre:
    def __init__(self, seats):
        self.free = list(range(1, seats + 1))

    def book(self):
        return heapq.heappop(self.free)


def test_seats(thread_runner):
    theatre = Theatre(4)
    assert sorted(thread_runner.run(theatre.book, workers=2)) == [1, 2]
