"""next() on itertools.count is an atomic source of ids."""

import itertools


class Ids:
    def __init__(self):
        self._count = itertools.count(1)

    def new(self):
        return next(self._count)


def test_ids(thread_runner):
    ids = Ids()
    got = thread_runner.run(ids.new, ids.new, ids.new)
    assert sorted(got) == [1, 2, 3]
