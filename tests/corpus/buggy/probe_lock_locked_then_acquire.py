"""Lock.locked() is asked first: both workers see it free, and one waits for ever."""

import threading

EXPECT = {"codes": ["CH104", "CH106", "CH110", "CH102"], "max_schedule": None}


class Leadership:
    def __init__(self):
        self.lock = threading.Lock()
        self.leader = None

    def stand(self, name):
        if self.lock.locked():  # BUG
            return False
        self.lock.acquire()  # BUG
        self.leader = name
        return True


def test_one_leader(thread_runner):
    office = Leadership()
    elected = thread_runner.map(office.stand, ["ann", "bob"])
    assert elected.count(True) == 1
    assert office.leader in ("ann", "bob")
