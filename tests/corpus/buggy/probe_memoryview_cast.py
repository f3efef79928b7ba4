"""Counters in a memory view of 32-bit numbers."""

import pytest

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": None}


@pytest.fixture
def counters():
    return memoryview(bytearray(16)).cast("I")


def hit(counters, index):
    counters[index] += 1  # BUG


def test_hits(thread_runner, counters):
    thread_runner.run(lambda: hit(counters, 2), workers=2)
    assert counters.tolist() == [0, 0, 2, 0]
