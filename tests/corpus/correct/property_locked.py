"""A property whose getter and setter lock, and an add() that locks over both."""

import threading


class Gauge:
    def __init__(self):
        self._lock = threading.RLock()
        self._value = 0

    @property
    def value(self):
        with self._lock:
            return self._value

    @value.setter
    def value(self, new):
        with self._lock:
            self._value = new

    def add(self, n):
        with self._lock:
            self.value += n


def test_gauge(thread_runner):
    gauge = Gauge()
    thread_runner.map(gauge.add, [1, 2, 3])
    assert gauge.value == 6
