"""lazy01: two threads add 1 and 2 under a lock, a third believes that the sum never reaches 3."""

import threading


class Shared:
    def __init__(self):
        self.mutex = threading.Lock()
        self.data = 0

    def add_one(self):
        with self.mutex:
            self.data += 1

    def add_two(self):
        with self.mutex:
            self.data += 2

    def check(self):
        with self.mutex:
            assert self.data < 3

    def check_fixed(self):
        with self.mutex:
            assert self.data <= 3


def test_lazy01(thread_runner):
    shared = Shared()
    thread_runner.run(shared.check, shared.add_two, shared.add_one)


def test_lazy01_fixed(thread_runner):
    shared = Shared()
    thread_runner.run(shared.check_fixed, shared.add_two, shared.add_one)
    assert shared.data == 3
