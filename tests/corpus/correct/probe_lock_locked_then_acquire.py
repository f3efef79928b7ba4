"""acquire(blocking=False) asks and takes in one step."""

import threading


class Leadership:
    def __init__(self):
        self.lock = threading.Lock()
        self.leader = None

    def stand(self, name):
        if not self.lock.acquire(blocking=False):
            return False
        self.leader = name
        return True


def test_one_leader(thread_runner):
    office = Leadership()
    elected = thread_runner.map(office.stand, ["ann", "bob"])
    assert elected.count(True) == 1
    assert office.leader in ("ann", "bob")
