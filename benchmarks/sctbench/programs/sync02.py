"""sync02: producer and consumer move two items each, but the slot starts with two: one gets stuck."""

import threading

ITEMS = 2


class Slot:
    def __init__(self, num):
        self.num = num
        self.m = threading.Lock()
        self.empty = threading.Condition(self.m)
        self.full = threading.Condition(self.m)

    def producer(self):
        for _ in range(ITEMS):
            with self.m:
                while self.num > 0:
                    self.empty.wait()
                self.num += 1
                self.full.notify()

    def consumer(self):
        for _ in range(ITEMS):
            with self.m:
                while self.num == 0:
                    self.full.wait()
                self.num -= 1
                self.empty.notify()


def test_sync02(thread_runner):
    slot = Slot(2)
    thread_runner.run(slot.producer, slot.consumer)


def test_sync02_fixed(thread_runner):
    slot = Slot(0)
    thread_runner.run(slot.producer, slot.consumer)
    assert slot.num == 0
