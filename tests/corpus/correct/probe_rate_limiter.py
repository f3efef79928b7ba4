"""A sliding-window limiter under a lock."""

import threading
from collections import deque


class Limiter:
    def __init__(self, limit):
        self.limit = limit
        self.calls = deque()
        self.lock = threading.Lock()

    def allow(self, now):
        with self.lock:
            while self.calls and self.calls[0] <= now - 60:
                self.calls.popleft()
            if len(self.calls) >= self.limit:
                return False
            self.calls.append(now)
            return True


def test_limit(thread_runner):
    limiter = Limiter(limit=1)
    allowed = thread_runner.run(lambda: limiter.allow(100), lambda: limiter.allow(101))
    assert allowed.count(True) == 1
