"""The next in turn is read at the left end of a deque, which is then rotated."""

from collections import deque

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Shifts:
    def __init__(self, names):
        self.ring = deque(names)

    def next(self):
        name = self.ring[0]  # BUG
        self.ring.rotate(-1)  # BUG
        return name


def test_shifts(thread_runner):
    shifts = Shifts(["ann", "bob", "cid"])
    assert sorted(thread_runner.run(shifts.next, workers=2)) == ["ann", "bob"]
