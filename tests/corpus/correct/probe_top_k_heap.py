"""A heap of bounded size behind a lock."""

import heapq
import threading


class Best:
    def __init__(self, size, scores=()):
        self.size = size
        self.heap = list(scores)
        self.lock = threading.Lock()
        heapq.heapify(self.heap)

    def offer(self, score):
        with self.lock:
            if len(self.heap) < self.size:
                heapq.heappush(self.heap, score)
            else:
                heapq.heappushpop(self.heap, score)


def test_best(thread_runner):
    best = Best(3, [10, 20])
    thread_runner.run(lambda: best.offer(15), lambda: best.offer(30))
    assert sorted(best.heap) == [15, 20, 30]
