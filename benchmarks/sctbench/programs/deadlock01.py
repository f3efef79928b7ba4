"""deadlock01: two threads take two locks in opposite orders."""

import threading


class Shared:
    def __init__(self):
        self.a = threading.Lock()
        self.b = threading.Lock()
        self.counter = 1

    def increment(self):
        with self.a:
            with self.b:
                self.counter += 1

    def decrement(self):
        with self.b:
            with self.a:
                self.counter -= 1

    def decrement_fixed(self):
        with self.a:
            with self.b:
                self.counter -= 1


def test_deadlock01(thread_runner):
    shared = Shared()
    thread_runner.run(shared.increment, shared.decrement)
    assert shared.counter == 1


def test_deadlock01_fixed(thread_runner):
    shared = Shared()
    thread_runner.run(shared.increment, shared.decrement_fixed)
    assert shared.counter == 1
