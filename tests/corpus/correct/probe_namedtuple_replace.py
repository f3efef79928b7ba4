"""Prices and stock are kept apart: a change of one does not touch the other."""

import threading


class Shop:
    def __init__(self, name, price, stock):
        self.prices = {name: price}
        self.stock = {name: stock}
        self.selling = threading.Lock()

    def set_price(self, name, price):
        self.prices[name] = price

    def sell(self, name):
        with self.selling:
            self.stock[name] -= 1


def test_shop(thread_runner):
    shop = Shop("tea", 3, 10)
    thread_runner.run(lambda: shop.set_price("tea", 4), lambda: shop.sell("tea"))
    assert (shop.prices["tea"], shop.stock["tea"]) == (4, 9)
