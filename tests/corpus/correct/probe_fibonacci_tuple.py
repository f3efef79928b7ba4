"""The pair is computed and stored under a lock."""

import threading


class Fibonacci:
    def __init__(self):
        self.a, self.b = 0, 1
        self.mutex = threading.Semaphore(1)

    def advance(self):
        with self.mutex:
            self.a, self.b = self.b, self.a + self.b


def test_advance(thread_runner):
    numbers = Fibonacci()
    thread_runner.run(numbers.advance, workers=2)
    assert (numbers.a, numbers.b) == (1, 2)
