"""A table of counts is read and written by functions of ``operator``, under a lock."""

import operator
import threading


class Tally:
    def __init__(self):
        self.lock = threading.Lock()
        self.counts = {"a": 0, "b": 0}

    def count(self, name):
        with self.lock:
            so_far = operator.getitem(self.counts, name)
            operator.setitem(self.counts, name, so_far + 1)


def test_all_counted(thread_runner):
    tally = Tally()
    thread_runner.run(lambda: tally.count("a"), lambda: tally.count("a"))
    assert tally.counts == {"a": 2, "b": 0}
