"""Each worker has an instance of its own, which hides what the class begins with; a lock guards the shared one."""

import threading

import pytest


class Shop:
    sold = 0

    def __init__(self):
        self.lock = threading.Lock()

    def sell(self):
        self.sold += 1

    def sell_safely(self):
        with self.lock:
            self.sold += 1


class Local(threading.local):
    sold = 0


def test_local(thread_runner):
    local = Local()

    def sell():
        saved = local.sold
        local.sold = saved + 1
        local.sold = saved

    thread_runner.run(sell, sell)
    assert local.sold == 0


@pytest.mark.stress_threads(workers=3)
def test_own():
    shop = Shop()
    shop.sell()
    assert (shop.sold, Shop.sold) == (1, 0)


def test_shared(thread_runner):
    shop = Shop()
    thread_runner.run(shop.sell_safely, workers=3)
    assert (shop.sold, Shop.sold) == (3, 0)
