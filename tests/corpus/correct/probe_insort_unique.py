"""A sorted list without doubles, looked up and changed under a lock."""

import threading
from bisect import bisect_left, insort


class Names:
    def __init__(self):
        self.lock = threading.Lock()
        self.names = ["ann", "zoe"]

    def add(self, name):
        with self.lock:
            at = bisect_left(self.names, name)
            if at == len(self.names) or self.names[at] != name:
                insort(self.names, name)


def test_no_doubles(thread_runner):
    register = Names()
    thread_runner.run(lambda: register.add("bob"), lambda: register.add("bob"))
    assert register.names == ["ann", "bob", "zoe"]
