"""A marked class: every method is stressed, the instance is shared and locked."""

import threading

import pytest


@pytest.mark.stress_threads(workers=2)
class TestCounter:
    lock = threading.Lock()
    total = 0

    def test_add(self):
        with self.lock:
            TestCounter.total += 1

    def test_total_never_negative(self):
        assert TestCounter.total >= 0
