"""notify() before wait(): nobody remembers it."""

import threading

EXPECT = {"codes": ["CH106", "CH104"], "max_schedule": None}


class Signal:
    def __init__(self):
        self.cond = threading.Condition()

    def send(self):
        with self.cond:
            self.cond.notify()  # BUG

    def receive(self):
        with self.cond:
            self.cond.wait()  # BUG


def test_signal(thread_runner):
    signal = Signal()
    thread_runner.run(signal.receive, signal.send)
