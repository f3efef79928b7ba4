"""A decorator counts calls without a lock."""

import functools

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": 10}


def counted(function):
    @functools.wraps(function)
    def wrapper(*args):
        wrapper.count += 1  # BUG
        return function(*args)

    wrapper.count = 0
    return wrapper


def test_decorated(thread_runner):
    @counted
    def area(w, h):
        return w * h

    results = thread_runner.run(lambda: area(2, 3), lambda: area(4, 5))
    assert results == [6, 20]
    assert area.count == 2
