"""A subclass of Thread keeps its result; it is read after join."""

import threading

import pytest


class Summer(threading.Thread):
    def __init__(self, numbers):
        super().__init__()
        self.numbers = numbers
        self.total = 0

    def run(self):
        for n in self.numbers:
            self.total += n


@pytest.mark.stress_threads(workers=0)
def test_sum():
    threads = [Summer([1, 2]), Summer([3, 4])]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sum(t.total for t in threads) == 10
