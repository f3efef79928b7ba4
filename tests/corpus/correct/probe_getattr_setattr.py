"""getattr and setattr under a lock."""

import threading


class Stats:
    hits = 0
    misses = 0
    lock = threading.Lock()

    def bump(self, name):
        with self.lock:
            setattr(self, name, getattr(self, name) + 1)


def test_stats(thread_runner):
    stats = Stats()
    thread_runner.run(lambda: stats.bump("hits"), lambda: stats.bump("hits"))
    assert stats.hits == 2
