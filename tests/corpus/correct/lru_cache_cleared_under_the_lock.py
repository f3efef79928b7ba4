"""The cache is filled and cleared under one lock: no stale value is kept."""

import functools
import threading

PRICES = {"tea": 1}
LOCK = threading.Lock()


@functools.lru_cache(maxsize=8)
def _price(name):
    return PRICES[name]


def price(name):
    with LOCK:
        return _price(name)


def update(name, value):
    with LOCK:
        PRICES[name] = value
        _price.cache_clear()


def test_the_new_price(thread_runner):
    thread_runner.run(lambda: price("tea"), lambda: update("tea", 2))
    assert price("tea") == 2
