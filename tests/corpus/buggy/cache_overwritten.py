"""Two workers miss, one returns what it has made, and then the other one overwrites it."""

import pytest

EXPECT = {"codes": ["CH110"], "max_schedule": 6}


class Cache:
    def __init__(self):
        self.entries = {}

    def get(self):
        if "key" not in self.entries:  # BUG
            self.entries["key"] = object()  # BUG
        return self.entries["key"]


@pytest.fixture
def cache():
    return Cache()


def test_one_object(thread_runner, cache):
    first, second = thread_runner.run(cache.get, workers=2)
    assert first is second
