"""An attribute is read through an operator and set by its name, under the account's lock."""

import threading
from operator import attrgetter


class Account:
    def __init__(self):
        self.balance = 100
        self.points = 0
        self.lock = threading.Lock()


def add_to(account, field, amount):
    with account.lock:
        old = attrgetter(field)(account)
        setattr(account, field, old + amount)


def test_add(thread_runner):
    account = Account()
    thread_runner.run(lambda: add_to(account, "balance", 5), lambda: add_to(account, "balance", -2))
    assert account.balance == 103
