"""A background thread waits for an event that is never set."""

import threading

import pytest

EXPECT = {"codes": ["CH109"], "max_schedule": None}


class Heartbeat:
    def __init__(self):
        self.stop = threading.Event()
        self.beats = 0

    def start(self):
        self.thread = threading.Thread(target=self.run)  # BUG
        self.thread.start()  # BUG

    def run(self):
        self.stop.wait()  # BUG


@pytest.mark.stress_threads(workers=0)
def test_heartbeat():
    heartbeat = Heartbeat()
    heartbeat.start()
    assert heartbeat.beats == 0
