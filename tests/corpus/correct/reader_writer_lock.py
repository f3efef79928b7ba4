"""A reader/writer lock on one condition."""

import threading
from contextlib import contextmanager


class RWLock:
    def __init__(self):
        self.cond = threading.Condition()
        self.readers = 0
        self.writing = False

    @contextmanager
    def read(self):
        with self.cond:
            self.cond.wait_for(lambda: not self.writing)
            self.readers += 1
        try:
            yield
        finally:
            with self.cond:
                self.readers -= 1
                self.cond.notify_all()

    @contextmanager
    def write(self):
        with self.cond:
            self.cond.wait_for(lambda: not self.writing and self.readers == 0)
            self.writing = True
        try:
            yield
        finally:
            with self.cond:
                self.writing = False
                self.cond.notify_all()


def test_readers_see_whole_updates(thread_runner):
    guard = RWLock()
    data = {"net": 100, "gross": 119}

    def update():
        with guard.write():
            data["net"] = 200
            data["gross"] = 238

    def look():
        with guard.read():
            return data["net"], data["gross"]

    seen = thread_runner.run(look, update, look)
    assert seen[0] in ((100, 119), (200, 238))
    assert seen[2] in ((100, 119), (200, 238))
