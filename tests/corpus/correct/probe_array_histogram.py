"""A histogram in an array.array for each task, added up at the end."""

from array import array
from concurrent.futures import ThreadPoolExecutor

import pytest


def histogram_of(values, buckets=4):
    counts = array("L", [0] * buckets)
    for value in values:
        counts[min(value // 10, buckets - 1)] += 1
    return counts


@pytest.mark.stress_threads(workers=0)
def test_histogram():
    with ThreadPoolExecutor(max_workers=2) as pool:
        parts = list(pool.map(histogram_of, [[12], [17]]))
    assert [sum(column) for column in zip(*parts)] == [0, 2, 0, 0]
