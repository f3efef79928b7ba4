"""Stock lives in an attribute of an imported module."""

import pytest
import warehouse

EXPECT = {"codes": ["CH101"], "max_schedule": 10}


def sell(amount):
    warehouse.stock -= amount  # BUG


@pytest.mark.stress_threads
def test_sell():
    sell(3)
