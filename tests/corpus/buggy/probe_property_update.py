"""`thermostat.degrees += 1` through a property."""

EXPECT = {"codes": ["CH110", "CH101"], "max_schedule": None}


class Thermostat:
    def __init__(self, degrees):
        self._degrees = degrees

    @property
    def degrees(self):
        return self._degrees  # BUG

    @degrees.setter
    def degrees(self, value):
        self._degrees = min(value, 30)  # BUG


def warmer(thermostat):
    thermostat.degrees += 1  # BUG


def test_warmer(thread_runner):
    thermostat = Thermostat(18)
    thread_runner.run(lambda: warmer(thermostat), lambda: warmer(thermostat))
    assert thermostat.degrees == 20
