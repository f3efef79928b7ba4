"""A daemon made on first use waits at a condition for the second time when the test is over."""

import threading
import time

import pytest


class Leases:
    def __init__(self, ttl):
        self.ttl = ttl
        self.until = {}
        self.changed = threading.Condition()
        self.thread = None
        self.closed = False

    def take(self, key):
        with self.changed:
            if self.thread is None:
                self.thread = threading.Thread(target=self.expire, daemon=True)
                self.thread.start()
            if key in self.until:
                return False
            self.until[key] = time.monotonic() + self.ttl
            self.changed.notify()
            return True

    def expire(self):
        with self.changed:
            while not self.closed:
                now = time.monotonic()
                for key in [key for key, end in self.until.items() if end <= now]:
                    del self.until[key]
                first = min(self.until.values(), default=None)
                self.changed.wait(None if first is None else first - now)

    def close(self):
        with self.changed:
            self.closed = True
            self.changed.notify_all()
        if self.thread:
            self.thread.join()


@pytest.fixture
def leases():
    leases = Leases(10)
    yield leases
    leases.close()


@pytest.mark.stress_threads(workers=0)
def test_expires(leases):
    assert leases.take("k")
    assert not leases.take("k")
    time.sleep(11)
    assert leases.take("k")
