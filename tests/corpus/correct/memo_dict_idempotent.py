"""A dict cache of a pure function: computed twice at worst, never wrong."""

_cache = {}


def square(n):
    value = _cache.get(n)
    if value is None:
        value = n * n
        _cache[n] = value
    return value


def test_square(thread_runner):
    _cache.clear()
    assert thread_runner.map(square, [3, 3, 4]) == [9, 9, 16]
    assert _cache == {3: 9, 4: 16}
