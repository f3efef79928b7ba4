"""`in` and append under one lock."""

import threading


class GuestList:
    def __init__(self):
        self.names = []
        self.lock = threading.Lock()

    def admit(self, name):
        with self.lock:
            if name not in self.names:
                self.names.append(name)


def test_admit_once(thread_runner):
    guests = GuestList()
    thread_runner.run(lambda: guests.admit("ann"), lambda: guests.admit("ann"))
    assert guests.names == ["ann"]
