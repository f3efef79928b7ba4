"""A sliding-window limiter: counts the window, then records the call."""

from collections import deque

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Limiter:
    def __init__(self, limit):
        self.limit = limit
        self.calls = deque()

    def allow(self, now):
        while self.calls and self.calls[0] <= now - 60:
            self.calls.popleft()
        if len(self.calls) >= self.limit:  # BUG
            return False
        self.calls.append(now)  # BUG
        return True


def test_limit(thread_runner):
    limiter = Limiter(limit=1)
    allowed = thread_runner.run(lambda: limiter.allow(100), lambda: limiter.allow(101))
    assert allowed.count(True) == 1
