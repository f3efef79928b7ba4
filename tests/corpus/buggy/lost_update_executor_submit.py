"""Two short tasks of a pool: in serial order its first thread does both."""

from concurrent.futures import ThreadPoolExecutor

import pytest

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": None}


class Breaker:
    def __init__(self, limit):
        self.limit = limit
        self.failures = 0
        self.state = "closed"

    def call(self, function):
        try:
            function()
        except ValueError:
            self.failures += 1  # BUG
            if self.failures >= self.limit:
                self.state = "open"


def fails():
    raise ValueError


@pytest.mark.stress_threads(workers=0)
def test_breaker():
    breaker = Breaker(2)
    with ThreadPoolExecutor(max_workers=2) as pool:
        for _ in range(2):
            pool.submit(breaker.call, fails)
    assert breaker.state == "open"
