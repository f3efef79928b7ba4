"""sync01: a producer waits for an empty slot that the consumer forgets to empty; stuck in any order."""

import threading


class Slot:
    def __init__(self):
        self.num = 1
        self.m = threading.Lock()
        self.empty = threading.Condition(self.m)
        self.full = threading.Condition(self.m)

    def produce(self):
        with self.m:
            while self.num > 0:
                self.empty.wait()
            self.num += 1
            self.full.notify()

    def consume(self):
        with self.m:
            while self.num == 0:
                self.full.wait()
            self.empty.notify()

    def consume_fixed(self):
        with self.m:
            while self.num == 0:
                self.full.wait()
            self.num -= 1
            self.empty.notify()


def test_sync01(thread_runner):
    slot = Slot()
    thread_runner.run(slot.produce, slot.consume)


def test_sync01_fixed(thread_runner):
    slot = Slot()
    thread_runner.run(slot.produce, slot.consume_fixed)
    assert slot.num == 1
