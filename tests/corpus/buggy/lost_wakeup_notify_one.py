"""One notify() for two kinds of waiters may wake the one that cannot go on."""

import threading

EXPECT = {"codes": ["CH106", "CH104"], "max_schedule": None}


class Gate:
    def __init__(self):
        self.cond = threading.Condition()
        self.level = 0

    def wait_for_level(self, level):
        with self.cond:
            while self.level < level:
                self.cond.wait()  # BUG

    def raise_level(self):
        with self.cond:
            self.level += 1
            self.cond.notify()  # BUG


def test_gate(thread_runner):
    gate = Gate()
    thread_runner.run(
        lambda: gate.wait_for_level(2), lambda: gate.wait_for_level(1), gate.raise_level, gate.raise_level
    )
