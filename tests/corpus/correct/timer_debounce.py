"""A delayed call that is cancelled or runs, under a lock."""

import threading

import pytest


class Debounce:
    def __init__(self, action):
        self.action = action
        self.lock = threading.Lock()
        self.timer = None

    def trigger(self):
        with self.lock:
            if self.timer is not None:
                self.timer.cancel()
            self.timer = threading.Timer(1.0, self.action)
            self.timer.start()


@pytest.mark.stress_threads(workers=0)
def test_debounce():
    fired = []
    started = []
    debounce = Debounce(lambda: fired.append("save"))
    for _ in range(2):
        debounce.trigger()
        started.append(debounce.timer)
    for timer in started:
        timer.join()
    assert 1 <= len(fired) <= 2
