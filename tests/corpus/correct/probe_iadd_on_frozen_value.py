"""A frozen value object with __add__, added under a lock."""

import threading
from dataclasses import dataclass


@dataclass(frozen=True)
class Money:
    cents: int

    def __add__(self, other):
        return Money(self.cents + other.cents)


class Till:
    def __init__(self):
        self.cash = Money(0)
        self.lock = threading.Lock()

    def pay_in(self, cents):
        with self.lock:
            self.cash += Money(cents)


def test_till(thread_runner):
    till = Till()
    thread_runner.map(till.pay_in, [250, 199])
    assert till.cash == Money(449)
