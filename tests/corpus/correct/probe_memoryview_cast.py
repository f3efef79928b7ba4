"""Each worker has a cell of its own in a memory view."""

import pytest


@pytest.fixture
def counters():
    return memoryview(bytearray(16)).cast("I")


def hit(counters, index):
    counters[index] += 1


def test_hits(thread_runner, counters):
    thread_runner.map(lambda index: hit(counters, index), [1, 2])
    assert counters.tolist() == [0, 1, 1, 0]
