"""Frozen statistics are replaced by a changed copy under a lock."""

import threading
from dataclasses import dataclass, replace

import pytest


@dataclass(frozen=True)
class Stats:
    hits: int = 0
    misses: int = 0


class Cache:
    def __init__(self):
        self.stats = Stats()
        self.lock = threading.Lock()

    def look_up(self, known):
        with self.lock:
            if known:
                self.stats = replace(self.stats, hits=self.stats.hits + 1)
            else:
                self.stats = replace(self.stats, misses=self.stats.misses + 1)


@pytest.fixture
def cache():
    return Cache()


def test_stats(thread_runner, cache):
    thread_runner.map(cache.look_up, [True, False])
    assert cache.stats == Stats(1, 1)
