"""An initialiser behind a lock runs once."""

import threading


class Once:
    def __init__(self, function):
        self._function = function
        self._lock = threading.Lock()
        self._done = False
        self._value = None

    def __call__(self):
        if not self._done:
            with self._lock:
                if not self._done:
                    self._value = self._function()
                    self._done = True
        return self._value


def test_once(thread_runner):
    calls = []

    def connect():
        calls.append(1)
        return "connected"

    once = Once(connect)
    assert thread_runner.run(once, once) == ["connected", "connected"]
    assert calls == [1]
