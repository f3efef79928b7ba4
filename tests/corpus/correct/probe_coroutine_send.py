"""A generator that is sent values, by one caller at a time."""

import threading


class Average:
    def __init__(self):
        self.total = self.count = 0
        self.lock = threading.Lock()
        self.machine = self._run()
        next(self.machine)

    def _run(self):
        average = None
        while True:
            value = yield average
            self.total += value
            self.count += 1
            average = self.total / self.count

    def add(self, value):
        with self.lock:
            return self.machine.send(value)


def test_average(thread_runner):
    average = Average()
    thread_runner.map(average.add, [10, 20])
    assert average.add(30) == 20
