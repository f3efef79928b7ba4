"""The next in turn is taken from a deque in one step, and put back at its end."""

from collections import deque


class Shifts:
    def __init__(self, names):
        self.ring = deque(names)

    def next(self):
        name = self.ring.popleft()
        self.ring.append(name)
        return name


def test_shifts(thread_runner):
    shifts = Shifts(["ann", "bob", "cid"])
    assert sorted(thread_runner.run(shifts.next, workers=2)) == ["ann", "bob"]
