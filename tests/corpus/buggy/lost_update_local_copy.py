"""The balance is read into a local, taxed, and written back."""

import pytest

EXPECT = {"codes": ["CH101"], "max_schedule": 10}


class Wallet:
    def __init__(self, amount):
        self.amount = amount

    def charge(self, price):
        current = self.amount  # BUG
        fee = price // 10
        current = current - price - fee
        self.amount = current  # BUG


@pytest.fixture
def wallet():
    return Wallet(1000)


@pytest.mark.stress_threads(workers=2)
def test_charge(wallet):
    wallet.charge(50)
