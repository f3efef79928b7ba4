"""Both accounts' locks are taken in the order of the account numbers."""

import threading


class Account:
    def __init__(self, number, balance):
        self.number = number
        self.balance = balance
        self.lock = threading.Lock()


def transfer(source, target, amount):
    first, second = sorted((source, target), key=lambda a: a.number)
    with first.lock, second.lock:
        source.balance -= amount
        target.balance += amount


def test_transfers(thread_runner):
    ann, bob = Account(1, 100), Account(2, 50)
    thread_runner.run(lambda: transfer(ann, bob, 30), lambda: transfer(bob, ann, 10))
    assert (ann.balance, bob.balance) == (80, 70)
