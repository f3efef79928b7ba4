"""token_ring: three threads hand a value round a ring, a fourth expects all to be equal once all have run.

Each step is atomic; nothing makes the steps come in the order of the ring.
"""

import threading


class Ring:
    def __init__(self):
        self.atomic = threading.Lock()
        self.x1 = 1
        self.x2 = 2
        self.x3 = 1
        self.flag1 = False
        self.flag2 = False
        self.flag3 = False
        self.done1 = threading.Event()
        self.done2 = threading.Event()

    def first(self):
        with self.atomic:
            self.x1 = (self.x3 + 1) % 4
            self.flag1 = True

    def second(self):
        with self.atomic:
            self.x2 = self.x1
            self.flag2 = True

    def third(self):
        with self.atomic:
            self.x3 = self.x2
            self.flag3 = True

    def check(self):
        with self.atomic:
            if self.flag1 and self.flag2 and self.flag3:
                assert self.x1 == self.x2 and self.x2 == self.x3

    def first_fixed(self):
        self.first()
        self.done1.set()

    def second_fixed(self):
        self.done1.wait()
        self.second()
        self.done2.set()

    def third_fixed(self):
        self.done2.wait()
        self.third()


def test_token_ring(thread_runner):
    ring = Ring()
    thread_runner.run(ring.first, ring.second, ring.third, ring.check)


def test_token_ring_fixed(thread_runner):
    ring = Ring()
    thread_runner.run(ring.first_fixed, ring.second_fixed, ring.third_fixed, ring.check)
    assert ring.x1 == ring.x2 == ring.x3 == 2
