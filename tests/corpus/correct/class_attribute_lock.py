"""A lock in a class attribute guards a class attribute."""

import threading

import pytest


class Order:
    lock = threading.Lock()
    created = 0

    def __init__(self, item):
        with Order.lock:
            Order.created += 1
            self.number = Order.created
        self.item = item


@pytest.mark.stress_threads(workers=3)
def test_orders():
    order = Order("tea")
    assert order.number >= 1
    assert order.item == "tea"
