"""din_phil: philosophers that eat one at a time, then count themselves without a lock; the last one fails.

Fails in every order in which no count is lost; an order that loses one is wrong as well.
"""

import threading

import pytest

SIZES = [2, 3, 4, 5, 6, 7]


class Table:
    def __init__(self, seats):
        self.atomic = threading.Lock()
        self.forks = [threading.Lock() for _ in range(seats)]
        self.seats = seats
        self.phil = 0

    def eat(self, seat):
        left = self.forks[seat]
        right = self.forks[(seat + 1) % self.seats]
        with self.atomic:
            right.acquire()
            left.acquire()
            left.release()
            right.release()

    def dine(self, seat):
        self.eat(seat)
        self.phil += 1
        assert self.phil != self.seats

    def dine_fixed(self, seat):
        self.eat(seat)
        with self.atomic:
            self.phil += 1
            assert self.phil <= self.seats


@pytest.mark.parametrize("seats", SIZES)
def test_din_phil(thread_runner, seats):
    table = Table(seats)
    thread_runner.map(table.dine, range(seats))


@pytest.mark.parametrize("seats", SIZES)
def test_din_phil_fixed(thread_runner, seats):
    table = Table(seats)
    thread_runner.map(table.dine_fixed, range(seats))
    assert table.phil == seats
