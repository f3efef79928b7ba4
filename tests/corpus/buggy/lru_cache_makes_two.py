"""Two workers miss the cache at once, and each gets a list of its own; what is cached touches nothing else."""

import functools

EXPECT = {"codes": ["CH110"], "max_schedule": None}


@functools.cache
def members(group):
    return [group]  # BUG


def test_one_list(thread_runner):
    first, second = thread_runner.run(lambda: members("a"), lambda: members("a"))
    assert first is second
