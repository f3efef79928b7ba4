"""A test that fails in the first serial order and passes in another fails for the order; with workers that all do the
same it fails by itself."""

from __future__ import annotations

import pytest

from pytester_runs import run

PROGRAM = """
class Shop:
    def __init__(self):
        self.open = False
        self.sold = []

    def unlock(self):
        self.open = True

    def sell(self):
        assert self.open
        self.sold.append(1)

def test_different(thread_runner):
    shop = Shop()
    thread_runner.run(shop.sell, shop.unlock)

def test_alike(thread_runner):
    shop = Shop()
    thread_runner.run(shop.sell, shop.sell)
"""


def test_only_different_workers_have_an_order(pytester: pytest.Pytester) -> None:
    done = run(pytester, PROGRAM)
    assert done.codes("test_different") == ["CH110"]
    assert done.codes("test_alike") == []
    assert done.outcomes == {"test_different": "FAILED", "test_alike": "FAILED"}
