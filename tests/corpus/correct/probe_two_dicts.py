"""A two-way map: reader and writer hold the lock."""

import threading


class TwoWay:
    def __init__(self):
        self.by_name = {}
        self.by_id = {}
        self.lock = threading.Lock()

    def add(self, name, number):
        with self.lock:
            self.by_name[name] = number
            self.by_id[number] = name

    def consistent(self):
        with self.lock:
            return len(self.by_name) == len(self.by_id)


def test_two_way(thread_runner):
    both = TwoWay()
    _, fine = thread_runner.run(lambda: both.add("ann", 1), both.consistent)
    assert fine
