"""Executor.map returns results in order; the sum is made by the caller."""

from concurrent.futures import ThreadPoolExecutor

import pytest


class Download:
    def __init__(self):
        self.total = 0

    def fetch(self, size):
        return size * 2


@pytest.mark.stress_threads(workers=0)
def test_map():
    download = Download()
    with ThreadPoolExecutor(max_workers=2) as pool:
        for size in pool.map(download.fetch, [1, 2, 3]):
            download.total += size
    assert download.total == 12
