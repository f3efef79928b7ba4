"""cachetools 3.1.1: two workers miss, both compute, and the second overwrites what the first has already returned."""

import threading

import cachetools
import pytest


@pytest.mark.stress_threads(include=("cachetools",))
def test_one_object_for_one_key(thread_runner):
    @cachetools.cached(cachetools.LRUCache(maxsize=8), lock=threading.Lock())
    def load(key):
        return [key]

    first, second = thread_runner.run(lambda: load("a"), lambda: load("a"))
    assert first is second
