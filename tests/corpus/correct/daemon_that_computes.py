"""A daemon computes without end and touches nothing shared: it keeps nobody from going on."""

import threading

import pytest


def compute():
    while True:
        pass


@pytest.mark.stress_threads(workers=0, timeout=2, switch_intervals=())
def test_beside_it():
    threading.Thread(target=compute, daemon=True).start()
    done = threading.Event()
    other = threading.Thread(target=done.set)
    other.start()
    other.join()
    assert done.is_set()
