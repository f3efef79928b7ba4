"""A histogram in an array.array, filled by an executor."""

from array import array
from concurrent.futures import ThreadPoolExecutor

import pytest

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": None}


class Histogram:
    def __init__(self, buckets):
        self.counts = array("L", [0] * buckets)

    def add(self, value):
        bucket = min(value // 10, len(self.counts) - 1)
        self.counts[bucket] += 1  # BUG


@pytest.mark.stress_threads(workers=0)
def test_histogram():
    histogram = Histogram(4)
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(histogram.add, [12, 17]))
    assert histogram.counts.tolist() == [0, 2, 0, 0]
