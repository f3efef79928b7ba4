"""One lock per key, made with setdefault."""

import threading


class Stock:
    def __init__(self):
        self.locks = {}
        self.units = {"tea": 0, "milk": 0}

    def add(self, item, n):
        with self.locks.setdefault(item, threading.Lock()):
            self.units[item] += n


def test_stock(thread_runner):
    stock = Stock()
    thread_runner.run(lambda: stock.add("tea", 1), lambda: stock.add("milk", 2), lambda: stock.add("tea", 4))
    assert stock.units == {"tea": 5, "milk": 2}
