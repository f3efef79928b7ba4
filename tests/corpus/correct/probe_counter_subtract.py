"""Stock is looked at in a Counter and subtracted under one lock."""

import threading
from collections import Counter

import pytest

lock = threading.Lock()


@pytest.fixture
def stock():
    return Counter(apples=5)


def reserve(stock, wanted):
    with lock:
        if all(stock[name] >= amount for name, amount in wanted.items()):
            stock.subtract(wanted)
            return True
        return False


def test_reserve(thread_runner, stock):
    thread_runner.run(lambda: reserve(stock, {"apples": 3}), lambda: reserve(stock, {"apples": 4}))
    assert stock["apples"] >= 0
