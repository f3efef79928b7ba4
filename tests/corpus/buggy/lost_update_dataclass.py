"""Sensor readings are accumulated in a dataclass."""

from dataclasses import dataclass

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": 10}


@dataclass
class Reading:
    total: float = 0.0
    samples: int = 0


def test_accumulate(thread_runner):
    reading = Reading()

    def add(value):
        reading.total += value  # BUG

    thread_runner.map(add, [1.5, 2.5, 3.0])
    assert reading.total == 7.0
