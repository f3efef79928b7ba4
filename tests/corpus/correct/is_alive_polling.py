"""Polling is_alive with join(timeout)."""

import threading

import pytest


@pytest.mark.stress_threads(workers=0)
def test_poll():
    out = []
    thread = threading.Thread(target=out.append, args=("done",))
    thread.start()
    while thread.is_alive():
        thread.join(timeout=0.1)
    assert out == ["done"]
