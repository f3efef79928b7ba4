"""The result is read before the thread that makes it is joined."""

import threading

import pytest

EXPECT = {"codes": ["CH110"], "max_schedule": None}


@pytest.mark.stress_threads(workers=0)
def test_total():
    result = {}

    def compute():
        result["total"] = sum([1, 2, 3])  # BUG

    thread = threading.Thread(target=compute)
    thread.start()
    total = result.get("total", 0)  # BUG
    thread.join()
    assert total in (0, 6)
    assert total == 6  # BUG
