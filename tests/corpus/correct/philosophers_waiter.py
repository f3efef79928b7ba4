"""Five philosophers; a waiter seats four at a time."""

import threading


def test_dinner(thread_runner):
    forks = [threading.Lock() for _ in range(5)]
    waiter = threading.Semaphore(4)
    meals = []

    def dine(seat):
        with waiter:
            with forks[seat], forks[(seat + 1) % 5]:
                meals.append(seat)

    thread_runner.map(dine, range(5))
    assert sorted(meals) == [0, 1, 2, 3, 4]
