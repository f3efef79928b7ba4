"""A poller is told to stop by a flag, and nobody raises it."""

import threading
import time

import pytest

EXPECT = {"codes": ["CH109"], "max_schedule": None}


class Poller:
    def __init__(self):
        self.running = True
        self.thread = threading.Thread(target=self.loop)  # BUG

    def loop(self):
        while self.running:  # BUG
            time.sleep(0.5)  # BUG


@pytest.mark.stress_threads(workers=0)
def test_poller():
    poller = Poller()
    poller.thread.start()  # BUG
    assert poller.running
