"""__init__ and __del__ keep a count of live sessions under a lock."""

import threading


def test_live_sessions(thread_runner):
    live = {"sessions": 0}
    lock = threading.RLock()

    class Session:
        def __init__(self):
            with lock:
                live["sessions"] += 1

        def __del__(self):
            with lock:
                live["sessions"] -= 1

    def visit():
        session = Session()
        del session

    thread_runner.run(visit, visit)
    assert live["sessions"] == 0
