"""Marked test: the two workers take two fixtures' locks in an order that depends on a shared toggle."""

import itertools
import threading

import pytest

EXPECT = {"codes": ["CH104"], "max_schedule": None}


@pytest.fixture
def shop():
    return {"till": threading.Lock(), "shelf": threading.Lock(), "turn": itertools.count()}


@pytest.mark.stress_threads(workers=2)
def test_shop(shop):
    order = ["till", "shelf"] if next(shop["turn"]) % 2 == 0 else ["shelf", "till"]
    first, second = (shop[name] for name in order)
    with first:
        with second:  # BUG
            pass
