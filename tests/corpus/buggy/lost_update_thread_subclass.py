"""Subclasses of Thread share a class-level total."""

import threading

import pytest

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": 10}


class Summer(threading.Thread):
    def __init__(self, box, numbers):
        super().__init__()
        self.box = box
        self.numbers = numbers

    def run(self):
        for n in self.numbers:
            self.box["sum"] += n  # BUG


@pytest.mark.stress_threads(workers=0)
def test_sum():
    box = {"sum": 0}
    threads = [Summer(box, [1, 2]), Summer(box, [3, 4])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert box["sum"] == 10
