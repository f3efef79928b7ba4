"""Money transfer locks the source first, then the target: two opposite transfers lock crosswise."""

import threading

EXPECT = {"codes": ["CH104"], "max_schedule": None}


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.lock = threading.Lock()


def transfer(source, target, amount):
    with source.lock:
        with target.lock:  # BUG
            source.balance -= amount
            target.balance += amount


def test_transfers(thread_runner):
    ann, bob = Account(100), Account(100)
    thread_runner.run(lambda: transfer(ann, bob, 10), lambda: transfer(bob, ann, 20))
    assert ann.balance + bob.balance == 200
