"""A high-water mark under a lock; the unlocked early exit is only a short cut."""

import threading


class HighWater:
    def __init__(self):
        self.level = 0
        self.lock = threading.Lock()

    def observe(self, level):
        if level <= self.level:
            return
        with self.lock:
            if level > self.level:
                self.level = level


def test_high_water(thread_runner):
    mark = HighWater()
    thread_runner.map(mark.observe, [5, 9, 7])
    assert mark.level == 9
