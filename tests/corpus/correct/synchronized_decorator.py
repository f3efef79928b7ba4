"""A @synchronized decorator takes the object's re-entrant lock."""

import functools
import threading


def synchronized(method):
    @functools.wraps(method)
    def wrapper(self, *args):
        with self._monitor:
            return method(self, *args)

    return wrapper


class Account:
    def __init__(self, balance):
        self._monitor = threading.RLock()
        self.balance = balance

    @synchronized
    def deposit(self, amount):
        self.balance += amount

    @synchronized
    def withdraw(self, amount):
        if self.balance < amount:
            return False
        self.deposit(-amount)
        return True


def test_account(thread_runner):
    account = Account(100)
    done = thread_runner.map(account.withdraw, [60, 60, 30])
    assert account.balance >= 0
    assert account.balance == 100 - sum(a for a, ok in zip([60, 60, 30], done) if ok)
