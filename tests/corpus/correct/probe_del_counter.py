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

    old, new = [Session()], []

    def log_in():
        new.append(Session())

    def log_out():
        old.clear()

    thread_runner.run(log_in, log_out)
    assert live["sessions"] == len(new) == 1
    new.clear()
    assert live["sessions"] == 0
