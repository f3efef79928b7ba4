"""Objects that never leave their worker need no lock."""

import pytest


class Basket:
    def __init__(self):
        self.items = []
        self.total = 0

    def put(self, item, price):
        self.items = self.items + [item]
        self.total += price


@pytest.mark.stress_threads(workers=3)
def test_basket():
    basket = Basket()
    basket.put("tea", 3)
    basket.put("milk", 1)
    assert basket.total == 4 and basket.items == ["tea", "milk"]
