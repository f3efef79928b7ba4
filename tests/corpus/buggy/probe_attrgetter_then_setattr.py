"""An attribute is read through an operator of the standard library, and set by its name."""

from operator import attrgetter

EXPECT = {"codes": ["CH110", "CH101", "CH102"], "max_schedule": None}


class Account:
    def __init__(self):
        self.balance = 100
        self.points = 0


def add_to(account, field, amount):
    old = attrgetter(field)(account)  # BUG
    setattr(account, field, old + amount)  # BUG


def test_add(thread_runner):
    account = Account()
    thread_runner.run(lambda: add_to(account, "balance", 5), lambda: add_to(account, "balance", -2))
    assert account.balance == 103
