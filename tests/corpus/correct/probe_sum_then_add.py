"""A weight limit: sum() and append under a lock."""

import threading


class Suitcase:
    limit = 20

    def __init__(self):
        self.weights = [8]
        self.lock = threading.Lock()

    def pack(self, weight):
        with self.lock:
            if sum(self.weights) + weight <= self.limit:
                self.weights.append(weight)


def test_weight(thread_runner):
    suitcase = Suitcase()
    thread_runner.map(suitcase.pack, [9, 10])
    assert sum(suitcase.weights) <= Suitcase.limit
