"""Two short tasks of a pool count under a lock."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest


class Breaker:
    def __init__(self, limit):
        self.limit = limit
        self.failures = 0
        self.state = "closed"
        self.lock = threading.Lock()

    def call(self, function):
        try:
            function()
        except ValueError:
            with self.lock:
                self.failures += 1
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
