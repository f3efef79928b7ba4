"""self.stats.hits += 1, one object deeper."""

from types import SimpleNamespace

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": 10}


class Proxy:
    def __init__(self):
        self.stats = SimpleNamespace(hits=0, misses=0)

    def lookup(self, key):
        if key == "known":
            self.stats.hits += 1  # BUG
        else:
            self.stats.misses += 1


def test_stats(thread_runner):
    proxy = Proxy()
    thread_runner.run(lambda: proxy.lookup("known"), workers=2)
    assert proxy.stats.hits == 2
