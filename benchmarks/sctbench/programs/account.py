"""account: deposit, withdraw and check under one lock; the check expects the wrong balance.

Three threads. Fails only when the check runs after both others.
"""

import threading


class Account:
    def __init__(self, x, y, z):
        self.lock = threading.Lock()
        self.x = x
        self.y = y
        self.z = z
        self.balance = x
        self.deposit_done = False
        self.withdraw_done = False

    def deposit(self):
        with self.lock:
            self.balance = self.balance + self.y
            self.deposit_done = True

    def withdraw(self):
        with self.lock:
            self.balance = self.balance - self.z
            self.withdraw_done = True

    def check_result(self):
        with self.lock:
            if self.deposit_done and self.withdraw_done:
                assert self.balance == (self.x - self.y) - self.z

    def check_result_fixed(self):
        with self.lock:
            if self.deposit_done and self.withdraw_done:
                assert self.balance == (self.x + self.y) - self.z


def test_account(thread_runner):
    account = Account(1, 2, 4)
    thread_runner.run(account.check_result, account.deposit, account.withdraw)


def test_account_fixed(thread_runner):
    account = Account(1, 2, 4)
    thread_runner.run(account.check_result_fixed, account.deposit, account.withdraw)
    assert account.balance == -1
