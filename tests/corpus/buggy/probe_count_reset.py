"""itertools.count is atomic; replacing it when it is large is not."""

import itertools

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Sequence:
    limit = 3

    def __init__(self):
        self.numbers = itertools.count(2)

    def next(self):
        n = next(self.numbers)  # BUG
        if n >= self.limit:  # BUG
            self.numbers = itertools.count()  # BUG
            n = next(self.numbers)
        return n


def test_sequence(thread_runner):
    sequence = Sequence()
    sequence.next()
    got = thread_runner.run(sequence.next, sequence.next)
    assert sorted(got) == [0, 1]
