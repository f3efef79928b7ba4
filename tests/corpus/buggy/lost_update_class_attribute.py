"""Every Order counts itself in a class attribute."""

import pytest

EXPECT = {"codes": ["CH101"], "max_schedule": 10}


class Order:
    created = 0

    def __init__(self, item):
        self.item = item
        Order.created += 1  # BUG


@pytest.mark.stress_threads(workers=2)
def test_create_orders():
    for item in ("tea", "milk"):
        Order(item)
