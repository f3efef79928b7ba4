"""`in` and append are two operations: a user may be admitted twice."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class GuestList:
    def __init__(self):
        self.names = []

    def admit(self, name):
        if name not in self.names:  # BUG
            self.names.append(name)  # BUG


def test_admit_once(thread_runner):
    guests = GuestList()
    thread_runner.run(lambda: guests.admit("ann"), lambda: guests.admit("ann"))
    assert guests.names == ["ann"]
