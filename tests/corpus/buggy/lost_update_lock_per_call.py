"""A new lock on every call guards nothing."""

import threading

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": 10}


class Turnstile:
    def __init__(self):
        self.people = 0

    def enter(self):
        with threading.Lock():
            self.people += 1  # BUG


def test_turnstile(thread_runner):
    gate = Turnstile()
    thread_runner.run(gate.enter, gate.enter, gate.enter)
    assert gate.people == 3
