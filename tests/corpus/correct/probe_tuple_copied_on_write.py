"""Handlers in a tuple: readers take no lock, writers do."""

import threading


class Signal:
    handlers = ()

    def __init__(self):
        self._writing = threading.Lock()

    def connect(self, handler):
        with self._writing:
            known = self.handlers
            if handler not in known:
                self.handlers = (*known, handler)

    def send(self, value):
        return [handler(value) for handler in self.handlers]


def test_connect(thread_runner):
    signal = Signal()
    thread_runner.run(lambda: signal.connect(str), lambda: signal.connect(float), lambda: signal.send(1))
    assert len(signal.send(1)) == 2
