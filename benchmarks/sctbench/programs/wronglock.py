"""wronglock: one thread guards the value with one lock, the others guard it with another."""

import threading

import pytest


class Shared:
    def __init__(self):
        self.data_lock = threading.Lock()
        self.this_lock = threading.Lock()
        self.data_value = 0

    def increment_and_check(self):
        with self.data_lock:
            x = self.data_value
            self.data_value += 1
            assert self.data_value == x + 1

    def increment(self):
        with self.this_lock:
            self.data_value += 1

    def increment_fixed(self):
        with self.data_lock:
            self.data_value += 1


@pytest.mark.parametrize("others", [3, 7])
def test_wronglock(thread_runner, others):
    shared = Shared()
    thread_runner.run(shared.increment_and_check, *[shared.increment] * others)


@pytest.mark.parametrize("others", [3, 7])
def test_wronglock_fixed(thread_runner, others):
    shared = Shared()
    thread_runner.run(shared.increment_and_check, *[shared.increment_fixed] * others)
    assert shared.data_value == others + 1
