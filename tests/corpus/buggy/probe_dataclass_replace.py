"""Frozen statistics are replaced by a changed copy."""

from dataclasses import dataclass, replace

import pytest

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": None}


@dataclass(frozen=True)
class Stats:
    hits: int = 0
    misses: int = 0


class Cache:
    def __init__(self):
        self.stats = Stats()

    def look_up(self, known):
        if known:
            self.stats = replace(self.stats, hits=self.stats.hits + 1)  # BUG
        else:
            self.stats = replace(self.stats, misses=self.stats.misses + 1)  # BUG


@pytest.fixture
def cache():
    return Cache()


def test_stats(thread_runner, cache):
    thread_runner.map(cache.look_up, [True, False])
    assert cache.stats == Stats(1, 1)
