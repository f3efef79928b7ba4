"""Prepare under one lock, commit under another, never both the wrong way round."""

import threading


class Shop:
    def __init__(self):
        self.stock_lock = threading.Lock()
        self.cash_lock = threading.Lock()
        self.stock = 2
        self.cash = 0

    def sell(self):
        with self.stock_lock:
            if self.stock == 0:
                return False
            self.stock -= 1
        with self.cash_lock:
            self.cash += 5
        return True

    def report(self):
        with self.cash_lock:
            cash = self.cash
        with self.stock_lock:
            stock = self.stock
        return cash // 5 + stock <= 2


def test_shop(thread_runner):
    shop = Shop()
    a, b, fine = thread_runner.run(shop.sell, shop.sell, shop.report)
    assert a and b and fine
    assert (shop.stock, shop.cash) == (0, 10)
