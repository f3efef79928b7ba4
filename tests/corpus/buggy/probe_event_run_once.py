"""Event.is_set, then set: an initialiser runs twice."""

import threading

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Once:
    def __init__(self):
        self.done = threading.Event()
        self.runs = []

    def call(self, who):
        if not self.done.is_set():  # BUG
            self.done.set()  # BUG
            self.runs.append(who)  # BUG


def test_once(thread_runner):
    once = Once()
    thread_runner.map(once.call, ["ann", "bob"])
    assert len(once.runs) == 1
