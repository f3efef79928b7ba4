"""A hand-made memoise decorator computes twice."""

import functools

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


def memoise(function):
    cache = {}

    @functools.wraps(function)
    def wrapper(arg):
        try:  # BUG
            return cache[arg]  # BUG
        except KeyError:
            value = cache[arg] = function(arg)  # BUG
            return value

    return wrapper


def test_computed_once(thread_runner):
    computed = []

    @memoise
    def slow_square(n):
        computed.append(n)
        return n * n

    assert thread_runner.run(lambda: slow_square(4), lambda: slow_square(4)) == [16, 16]
    assert computed == [4]
