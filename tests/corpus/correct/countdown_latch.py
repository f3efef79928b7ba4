"""A countdown latch: the main worker waits until all parts are there."""

import threading


class Latch:
    def __init__(self, count):
        self.count = count
        self.cond = threading.Condition()

    def arrive(self):
        with self.cond:
            self.count -= 1
            if self.count == 0:
                self.cond.notify_all()

    def wait(self):
        with self.cond:
            while self.count > 0:
                self.cond.wait()


def test_latch(thread_runner):
    latch, parts = Latch(2), {}

    def make(name):
        parts[name] = name.upper()
        latch.arrive()

    def assemble():
        latch.wait()
        return sorted(parts.values())

    assert thread_runner.run(assemble, lambda: make("a"), lambda: make("b"))[0] == ["A", "B"]
