"""json asks a function of ours for each amount while it goes through the accounts: the snapshot is torn."""

import json
from decimal import Decimal

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Books:
    def __init__(self):
        self.cash = Decimal(50)
        self.bank = Decimal(50)

    def pay_in(self, amount):
        self.cash -= amount  # BUG
        self.bank += amount  # BUG

    def export(self):
        return json.dumps({"cash": self.cash, "bank": self.bank}, default=float)  # BUG


def test_export(thread_runner):
    books = Books()
    _, text = thread_runner.run(lambda: books.pay_in(20), books.export)
    assert sum(json.loads(text).values()) == 100
