"""A Timer is cancelled; whether it fired first or not, it happened at most once."""

import threading

import pytest


@pytest.mark.stress_threads(workers=0)
def test_timer():
    rings = []
    timer = threading.Timer(60.0, rings.append, args=["ring"])
    timer.start()
    timer.cancel()
    timer.join()
    assert rings in ([], ["ring"])
