"""Philosophers who take the lower-numbered fork first."""

import threading

import pytest


class Philosopher(threading.Thread):
    def __init__(self, forks, seat):
        super().__init__()
        pair = sorted((seat, (seat + 1) % len(forks)))
        self.first, self.second = forks[pair[0]], forks[pair[1]]
        self.meals = 0

    def run(self):
        with self.first, self.second:
            self.meals += 1


@pytest.mark.stress_threads(workers=0)
def test_table():
    forks = [threading.Lock() for _ in range(3)]
    table = [Philosopher(forks, seat) for seat in range(3)]
    for philosopher in table:
        philosopher.start()
    for philosopher in table:
        philosopher.join()
    assert [p.meals for p in table] == [1, 1, 1]
