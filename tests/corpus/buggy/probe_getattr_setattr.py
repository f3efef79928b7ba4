"""Statistics by name through getattr and setattr."""

EXPECT = {"codes": ["CH110", "CH101"], "max_schedule": None}


class Stats:
    hits = 0
    misses = 0

    def bump(self, name):
        setattr(self, name, getattr(self, name) + 1)  # BUG


def test_stats(thread_runner):
    stats = Stats()
    thread_runner.run(lambda: stats.bump("hits"), lambda: stats.bump("hits"))
    assert stats.hits == 2
