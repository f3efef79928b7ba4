"""A background worker polls a stop event and is joined."""

import threading

import pytest


class Heartbeat:
    def __init__(self):
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.beats = []

    def _run(self):
        while not self._stop.wait(timeout=1.0):
            self.beats.append("beat")

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._stop.set()
        self._thread.join()


@pytest.mark.stress_threads(workers=0)
def test_heartbeat():
    with Heartbeat() as heartbeat:
        pass
    assert not heartbeat._thread.is_alive()
