"""The owner joins a thread while holding the lock that thread needs."""

import threading

import pytest

EXPECT = {"codes": ["CH104"], "max_schedule": None}


@pytest.mark.stress_threads(workers=0)
def test_shutdown():
    lock = threading.Lock()
    flushed = []

    def flush():
        with lock:  # BUG
            flushed.append(True)

    thread = threading.Thread(target=flush)
    thread.start()
    with lock:
        thread.join()  # BUG
    assert flushed == [True]
