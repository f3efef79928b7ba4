"""Stock is looked at in a Counter, then subtracted: it goes below zero."""

from collections import Counter

import pytest

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


@pytest.fixture
def stock():
    return Counter(apples=5)


def reserve(stock, wanted):
    if all(stock[name] >= amount for name, amount in wanted.items()):  # BUG
        stock.subtract(wanted)  # BUG
        return True
    return False


def test_reserve(thread_runner, stock):
    thread_runner.run(lambda: reserve(stock, {"apples": 3}), lambda: reserve(stock, {"apples": 4}))
    assert stock["apples"] >= 0
