"""dict.update from a value computed before: the older total wins."""

EXPECT = {"codes": ["CH110", "CH102", "CH101"], "max_schedule": None}


class Summary:
    def __init__(self):
        self.data = {"total": 0, "average": 0.0, "n": 0}

    def add(self, value):
        total = self.data["total"] + value  # BUG
        n = self.data["n"] + 1  # BUG
        self.data.update(total=total, n=n, average=total / n)  # BUG


def test_summary(thread_runner):
    summary = Summary()
    thread_runner.map(summary.add, [2, 4])
    assert summary.data == {"total": 6, "average": 3.0, "n": 2}
