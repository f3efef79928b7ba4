"""A memoise decorator that computes under a lock."""

import functools
import threading


def memoise(function):
    cache = {}
    lock = threading.RLock()

    @functools.wraps(function)
    def wrapper(arg):
        with lock:
            try:
                return cache[arg]
            except KeyError:
                value = cache[arg] = function(arg)
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
