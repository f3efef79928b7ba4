"""A barrier's action runs once for all."""

import threading

import pytest


@pytest.fixture
def race():
    starts = []
    return threading.Barrier(2, action=lambda: starts.append("go")), starts


@pytest.mark.stress_threads(workers=2)
def test_race(race):
    barrier, starts = race
    place = barrier.wait()
    assert place in (0, 1)
    assert starts == ["go"]
