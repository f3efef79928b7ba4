"""The last user closes the file: decrement and test under a lock."""

import threading


class SharedFile:
    def __init__(self, users):
        self.users = users
        self.closed = 0
        self.lock = threading.Lock()

    def release(self):
        with self.lock:
            self.users -= 1
            if self.users == 0:
                self.closed += 1


def test_closed_once(thread_runner):
    shared = SharedFile(2)
    thread_runner.run(shared.release, shared.release)
    assert shared.closed == 1
