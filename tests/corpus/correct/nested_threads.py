"""A thread that starts a thread."""

import threading

import pytest


@pytest.mark.stress_threads(workers=0)
def test_nested():
    log = []

    def parent():
        child = threading.Thread(target=log.append, args=("child",))
        child.start()
        child.join()
        log.append("parent")

    thread = threading.Thread(target=parent)
    thread.start()
    thread.join()
    assert log == ["child", "parent"]
