"""functools.lru_cache on a pure function."""

import functools


def test_lru_cache(thread_runner):
    @functools.lru_cache(maxsize=2)
    def length(word):
        return len(word)

    assert thread_runner.map(length, ["a", "bb", "a", "ccc"]) == [1, 2, 1, 3]
