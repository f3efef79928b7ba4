"""Three philosophers, each takes the left fork first."""

import threading

EXPECT = {"codes": ["CH104"], "max_schedule": None}


def test_dinner(thread_runner):
    forks = [threading.Lock() for _ in range(3)]
    meals = []

    def dine(seat):
        left, right = forks[seat], forks[(seat + 1) % 3]
        with left:
            with right:  # BUG
                meals.append(seat)

    thread_runner.map(dine, range(3))
    assert sorted(meals) == [0, 1, 2]
