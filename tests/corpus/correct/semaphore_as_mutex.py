"""A semaphore of one, released by whoever acquired it, is a mutex."""

import threading

import pytest


@pytest.fixture
def tank():
    return {"litres": 0, "mutex": threading.BoundedSemaphore(1)}


@pytest.mark.stress_threads(workers=3)
def test_fill(tank):
    with tank["mutex"]:
        before = tank["litres"]
        tank["litres"] = before + 5
    assert tank["litres"] % 5 == 0
