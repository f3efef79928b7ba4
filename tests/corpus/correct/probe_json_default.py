"""A snapshot is made under the lock of those who change it, and written afterwards."""

import json
import threading
from decimal import Decimal


class Books:
    def __init__(self):
        self.cash = Decimal(50)
        self.bank = Decimal(50)
        self.lock = threading.RLock()

    def pay_in(self, amount):
        with self.lock:
            self.cash -= amount
            self.bank += amount

    def export(self):
        with self.lock:
            snapshot = {"cash": self.cash, "bank": self.bank}
        return json.dumps(snapshot, default=float)


def test_export(thread_runner):
    books = Books()
    _, text = thread_runner.run(lambda: books.pay_in(20), books.export)
    assert sum(json.loads(text).values()) == 100
