"""One itertools.count, never replaced: ids are taken modulo the limit."""

import itertools


class Sequence:
    limit = 3

    def __init__(self):
        self.numbers = itertools.count(2)

    def next(self):
        return next(self.numbers) % self.limit


def test_sequence(thread_runner):
    sequence = Sequence()
    sequence.next()
    got = thread_runner.run(sequence.next, sequence.next)
    assert sorted(got) == [0, 1]
