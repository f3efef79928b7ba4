"""A ring buffer: the slot is written at `head`, then `head` moves."""

EXPECT = {"codes": ["CH110", "CH102", "CH101"], "max_schedule": None}


class Ring:
    def __init__(self, size):
        self.slots = [None] * size
        self.head = 0

    def push(self, value):
        self.slots[self.head] = value  # BUG
        self.head = (self.head + 1) % len(self.slots)  # BUG


def test_ring(thread_runner):
    ring = Ring(4)
    thread_runner.map(ring.push, ["a", "b"])
    assert sorted(slot for slot in ring.slots if slot) == ["a", "b"]
