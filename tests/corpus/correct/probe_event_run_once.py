"""A lock taken without blocking says who is first; the others wait for the event."""

import threading


class Once:
    def __init__(self):
        self.done = threading.Event()
        self.runs = []
        self.first = threading.Lock()

    def call(self, who):
        if self.first.acquire(blocking=False):
            self.runs.append(who)
            self.done.set()
        else:
            self.done.wait()


def test_once(thread_runner):
    once = Once()
    thread_runner.map(once.call, ["ann", "bob"])
    assert len(once.runs) == 1
