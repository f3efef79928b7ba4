"""acquire, try, finally, release."""

import threading


class Counter:
    def __init__(self):
        self.lock = threading.Lock()
        self.value = 0

    def add(self, n):
        self.lock.acquire()
        try:
            self.value += n
        finally:
            self.lock.release()


def test_counter(thread_runner):
    counter = Counter()
    thread_runner.map(counter.add, [1, 2, 3])
    assert counter.value == 6
