"""Two objects that have one dictionary in common count under one lock."""

import threading


class Borg:
    def __init__(self, state):
        self.__dict__ = state

    def count(self):
        with self.lock:
            self.n += 1


def test_count(thread_runner):
    state = {"n": 0, "lock": threading.Lock()}
    thread_runner.run(Borg(state).count, Borg(state).count)
    assert state["n"] == 2
