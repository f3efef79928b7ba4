"""The test expects the order in which the threads happen to run."""

import threading

import pytest

EXPECT = {"codes": ["CH110"], "max_schedule": None}


@pytest.mark.stress_threads(workers=0)
def test_order():
    finished = []
    threads = [threading.Thread(target=finished.append, args=(name,)) for name in ("a", "b")]
    for t in threads:
        t.start()  # BUG
    for t in threads:
        t.join()
    assert finished == ["a", "b"]  # BUG
