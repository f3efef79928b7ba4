"""A ring buffer under a lock."""

import threading


class Ring:
    def __init__(self, size):
        self.slots = [None] * size
        self.head = 0
        self.lock = threading.Lock()

    def push(self, value):
        with self.lock:
            self.slots[self.head] = value
            self.head = (self.head + 1) % len(self.slots)


def test_ring(thread_runner):
    ring = Ring(4)
    thread_runner.map(ring.push, ["a", "b"])
    assert sorted(slot for slot in ring.slots if slot) == ["a", "b"]
