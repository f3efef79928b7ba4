"""A property changed under the object's lock."""

import threading


class Thermostat:
    def __init__(self, degrees):
        self._degrees = degrees
        self.lock = threading.Lock()

    @property
    def degrees(self):
        return self._degrees

    @degrees.setter
    def degrees(self, value):
        self._degrees = min(value, 30)


def warmer(thermostat):
    with thermostat.lock:
        thermostat.degrees += 1


def test_warmer(thread_runner):
    thermostat = Thermostat(18)
    thread_runner.run(lambda: warmer(thermostat), lambda: warmer(thermostat))
    assert thermostat.degrees == 20
