"""A frozen value object with __add__: += rebinds the shared name."""

from dataclasses import dataclass

EXPECT = {"codes": ["CH110", "CH101"], "max_schedule": None}


@dataclass(frozen=True)
class Money:
    cents: int

    def __add__(self, other):
        return Money(self.cents + other.cents)


class Till:
    def __init__(self):
        self.cash = Money(0)

    def pay_in(self, cents):
        self.cash += Money(cents)  # BUG


def test_till(thread_runner):
    till = Till()
    thread_runner.map(till.pay_in, [250, 199])
    assert till.cash == Money(449)
