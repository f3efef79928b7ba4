"""A lock keeps workers from missing the cache at once."""

import functools
import threading

LOCK = threading.Lock()


@functools.cache
def members(group):
    return [group]


def locked(group):
    with LOCK:
        return members(group)


def test_one_list(thread_runner):
    first, second, third = thread_runner.run(*[lambda: locked("a")] * 3)
    assert first is second is third
