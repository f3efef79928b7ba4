"""A value is read, changed and cleared out of the cache by another worker, and then kept in it by functools."""

import functools

EXPECT = {"codes": ["CH110"], "max_schedule": 20}

PRICES = {"tea": 1}


@functools.lru_cache(maxsize=8)
def price(name):
    return PRICES[name]  # BUG


def update(name, value):
    PRICES[name] = value  # BUG
    price.cache_clear()


def test_the_new_price(thread_runner):
    thread_runner.run(lambda: price("tea"), lambda: update("tea", 2))
    assert price("tea") == 2
