"""dict.update computed and stored under a lock."""

import threading


class Summary:
    def __init__(self):
        self.data = {"total": 0, "average": 0.0, "n": 0}
        self.lock = threading.Lock()

    def add(self, value):
        with self.lock:
            total = self.data["total"] + value
            n = self.data["n"] + 1
            self.data.update(total=total, n=n, average=total / n)


def test_summary(thread_runner):
    summary = Summary()
    thread_runner.map(summary.add, [2, 4])
    assert summary.data == {"total": 6, "average": 3.0, "n": 2}
