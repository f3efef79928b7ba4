"""The getter and the setter of a property take the lock, the update between them does not."""

import threading

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": None}


class Thermostat:
    def __init__(self):
        self._degrees = 0
        self._lock = threading.RLock()

    @property
    def degrees(self):
        with self._lock:  # BUG
            return self._degrees

    @degrees.setter
    def degrees(self, value):
        with self._lock:  # BUG
            self._degrees = value

    def warmer(self):
        self.degrees += 1


def test_warmer(thread_runner):
    thermostat = Thermostat()
    thread_runner.run(thermostat.warmer, workers=2)
    assert thermostat.degrees == 2
