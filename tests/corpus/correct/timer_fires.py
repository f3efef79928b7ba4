"""A Timer sets an event that the test waits for."""

import threading

import pytest


@pytest.mark.stress_threads(workers=0)
def test_timer():
    rang = threading.Event()
    timer = threading.Timer(30.0, rang.set)
    timer.start()
    rang.wait()
    timer.join()
    assert rang.is_set()
