"""Tasks of a thread pool add to one total."""

from concurrent.futures import ThreadPoolExecutor

import pytest

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": None}


class Download:
    def __init__(self):
        self.bytes = 0

    def chunk(self, size):
        self.bytes += size  # BUG


@pytest.mark.stress_threads(workers=0)
def test_download():
    download = Download()
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(download.chunk, [100, 200, 300]))
    assert download.bytes == 600
