"""Getter and setter are separate calls; the increment spans both."""

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": 10}


class Odometer:
    def __init__(self):
        self._km = 0

    def get(self):
        return self._km  # BUG

    def set(self, km):
        self._km = km  # BUG


def drive(odometer, km):
    odometer.set(odometer.get() + km)  # BUG


def test_drive(thread_runner):
    odometer = Odometer()
    thread_runner.run(lambda: drive(odometer, 5), lambda: drive(odometer, 7))
    assert odometer.get() == 12
