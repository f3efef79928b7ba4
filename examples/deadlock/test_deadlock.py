"""Two threads take two locks in opposite orders. Shows CH104, a deadlock; taken in one order nothing is reported.

The test ends with a report that names who holds which lock and who waits for it: it does not hang.
"""

import threading

import pytest


class Account:
    def __init__(self, number, balance):
        self.number = number
        self.balance = balance
        self.lock = threading.Lock()


def transfer(source, target, amount):
    with source.lock:
        with target.lock:
            source.balance -= amount
            target.balance += amount


def transfer_in_order(source, target, amount):
    first, second = sorted((source, target), key=lambda account: account.number)
    with first.lock:
        with second.lock:
            source.balance -= amount
            target.balance += amount


def run(function):
    a, b = Account(1, 100), Account(2, 100)
    there = threading.Thread(target=function, args=(a, b, 10))
    back = threading.Thread(target=function, args=(b, a, 20))
    there.start()
    back.start()
    there.join()
    back.join()
    assert (a.balance, b.balance) == (110, 90)


@pytest.mark.stress_threads(workers=0)
def test_transfers_cross():
    run(transfer)


@pytest.mark.stress_threads(workers=0)
def test_transfers_in_one_order():
    run(transfer_in_order)
