"""The best scores are kept in a heap of bounded size; the size is looked at before the push."""

import heapq

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": 2}


class Best:
    def __init__(self, size, scores=()):
        self.size = size
        self.heap = list(scores)
        heapq.heapify(self.heap)

    def offer(self, score):
        if len(self.heap) < self.size:  # BUG
            heapq.heappush(self.heap, score)  # BUG
        else:
            heapq.heappushpop(self.heap, score)  # BUG


def test_best(thread_runner):
    best = Best(3, [10, 20])
    thread_runner.run(lambda: best.offer(15), lambda: best.offer(30))
    assert sorted(best.heap) == [15, 20, 30]
