"""Five philosophers as Thread subclasses."""

import threading

import pytest

EXPECT = {"codes": ["CH104"], "max_schedule": None}


class Philosopher(threading.Thread):
    def __init__(self, name, left, right):
        super().__init__(name=name)
        self.left = left
        self.right = right
        self.eaten = 0

    def run(self):
        with self.left:
            with self.right:  # BUG
                self.eaten = self.eaten + 1


@pytest.mark.stress_threads(workers=0)
def test_table():
    forks = [threading.Lock() for _ in range(5)]
    table = [Philosopher(f"p{i}", forks[i], forks[(i + 1) % 5]) for i in range(5)]
    for philosopher in table:
        philosopher.start()
    for philosopher in table:
        philosopher.join()
    assert [p.eaten for p in table] == [1] * 5
