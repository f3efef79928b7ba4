"""threading.excepthook is replaced: the exception of the thread is seen."""

import threading

import pytest


@pytest.mark.stress_threads(workers=0)
def test_hook():
    seen = []
    before = threading.excepthook
    threading.excepthook = lambda args: seen.append(args.exc_type)
    try:
        thread = threading.Thread(target=int, args=("two",))
        thread.start()
        thread.join()
    finally:
        threading.excepthook = before
    assert seen == [ValueError]
