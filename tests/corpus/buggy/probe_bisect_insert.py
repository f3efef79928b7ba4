"""The place is found with bisect, then used: the list is out of order."""

import bisect

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": 2}


class Scores:
    def __init__(self):
        self.values = [10, 30]

    def add(self, value):
        at = bisect.bisect(self.values, value)  # BUG
        self.values.insert(at, value)  # BUG


def test_sorted(thread_runner):
    scores = Scores()
    thread_runner.run(lambda: scores.add(40), lambda: scores.add(20))
    assert scores.values == sorted(scores.values)
