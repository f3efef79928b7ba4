"""The check and the move are one step under the bank's lock."""

import threading


class Bank:
    def __init__(self, **accounts):
        self.accounts = accounts
        self.lock = threading.Lock()

    def send(self, source, target, amount):
        with self.lock:
            if self.accounts[source] >= amount:
                self.accounts[source] -= amount
                self.accounts[target] += amount


def test_no_overdraft(thread_runner):
    bank = Bank(ann=100, bob=0, cid=0)
    thread_runner.run(lambda: bank.send("ann", "bob", 60), lambda: bank.send("ann", "cid", 60))
    assert bank.accounts["ann"] >= 0
    assert sum(bank.accounts.values()) == 100
