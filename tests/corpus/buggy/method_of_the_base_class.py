"""A list with a method that appends twice by ``super()``, without a lock."""

EXPECT = {"codes": ["CH110"], "max_schedule": 20}


class Log(list):
    def record(self, name):
        super().append((name, "begins"))  # BUG
        super().append((name, "ends"))


def test_in_pairs(thread_runner):
    log = Log()
    thread_runner.run(lambda: log.record("a"), lambda: log.record("b"))
    assert [name for name, _ in log] in (["a", "a", "b", "b"], ["b", "b", "a", "a"])
