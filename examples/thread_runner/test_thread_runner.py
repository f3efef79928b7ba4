"""A test that asks for ``thread_runner`` runs as a whole under every schedule; its own asserts are the oracle.

``test_never_overdrawn`` shows CH110: both transfers look at the balance before either has changed it.
"""

import threading

import pytest


class Account:
    def __init__(self, balance):
        self.lock = threading.Lock()
        self.balance = balance

    def has(self, amount):
        with self.lock:
            return self.balance >= amount

    def add(self, amount):
        with self.lock:
            self.balance += amount

    def withdraw(self, amount):
        if self.has(amount):  # the lock is given back here: the answer may be old when it is used
            self.add(-amount)

    def withdraw_checked(self, amount):
        with self.lock:
            if self.balance >= amount:
                self.balance -= amount


def test_never_overdrawn(thread_runner):
    account = Account(100)
    thread_runner.run(lambda: account.withdraw(60), lambda: account.withdraw(60))
    assert account.balance >= 0


def test_never_overdrawn_checked(thread_runner):
    account = Account(100)
    thread_runner.run(lambda: account.withdraw_checked(60), lambda: account.withdraw_checked(60))
    assert account.balance >= 0


def test_results_in_order(thread_runner):
    assert thread_runner.map(str, [1, 2, 3]) == ["1", "2", "3"]


def test_one_callable_many_workers(thread_runner):
    results = thread_runner.run(threading.Lock().locked, workers=3)
    assert results == [False, False, False]


def test_a_worker_s_exception_is_raised_in_the_test(thread_runner):
    with pytest.raises(ZeroDivisionError):
        thread_runner.run(lambda: 1 / 0, lambda: None)
