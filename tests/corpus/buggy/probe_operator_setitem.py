"""A table of counts is read and written by functions of ``operator``: a count is lost."""

import operator

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": 2}


class Tally:
    def __init__(self):
        self.counts = {"a": 0, "b": 0}

    def count(self, name):
        so_far = operator.getitem(self.counts, name)  # BUG
        operator.setitem(self.counts, name, so_far + 1)  # BUG


def test_all_counted(thread_runner):
    tally = Tally()
    thread_runner.run(lambda: tally.count("a"), lambda: tally.count("a"))
    assert tally.counts == {"a": 2, "b": 0}
