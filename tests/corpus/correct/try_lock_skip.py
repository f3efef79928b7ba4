"""Who does not get the lock at once leaves the job to the other."""

import threading


class Refresher:
    def __init__(self):
        self.lock = threading.Lock()
        self.refreshed = 0

    def refresh(self):
        if not self.lock.acquire(blocking=False):
            return "busy"
        try:
            self.refreshed += 1
            return "done"
        finally:
            self.lock.release()


def test_refresh(thread_runner):
    refresher = Refresher()
    got = thread_runner.run(refresher.refresh, refresher.refresh)
    assert refresher.refreshed == got.count("done") >= 1
