"""Two threads count in one global without a lock. Shows CH101, a lost update, although nothing is asserted.

``global_num += 1`` reads, adds and writes. A thread that is interrupted between the read and the write puts an old
value back: what the other thread counted meanwhile is gone.
"""

import threading

import pytest

global_num = 0


def thread_cal():
    global global_num
    for i in range(1000000):
        global_num += 1


@pytest.mark.stress_threads(workers=0)  # 0: the test starts its threads itself
def test_two_threads_count():
    threads = []
    for i in range(2):
        t = threading.Thread(target=thread_cal)
        t.start()
        threads.append(t)
    for t in threads:
        t.join()


class Account:
    def __init__(self):
        self.balance = 0

    def deposit(self, amount):
        self.balance += amount


@pytest.fixture
def account():
    return Account()


@pytest.mark.stress_threads  # two workers run the body of the test at once, with the same fixtures
def test_deposit(account):
    account.deposit(10)
