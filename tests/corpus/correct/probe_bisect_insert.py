"""bisect and insert under a lock."""

import bisect
import threading


class Scores:
    def __init__(self):
        self.values = [10, 30]
        self.lock = threading.Lock()

    def add(self, value):
        with self.lock:
            at = bisect.bisect(self.values, value)
            self.values.insert(at, value)


def test_sorted(thread_runner):
    scores = Scores()
    thread_runner.run(lambda: scores.add(40), lambda: scores.add(20))
    assert scores.values == sorted(scores.values)
