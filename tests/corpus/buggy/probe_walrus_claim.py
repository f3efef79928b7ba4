"""A pending job is read with a walrus and taken away afterwards: it runs twice."""

import threading

import pytest

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Slot:
    def __init__(self, job):
        self.job = job
        self.done = []

    def work(self):
        if (job := self.job) is not None:  # BUG
            self.job = None  # BUG
            self.done.append(job)


@pytest.mark.stress_threads(workers=0)
def test_done_once():
    slot = Slot("mail")
    helper = threading.Thread(target=slot.work)
    helper.start()
    slot.work()
    helper.join()
    assert slot.done == ["mail"]
