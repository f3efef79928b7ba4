"""A pending job is popped from a list in one step."""

import threading

import pytest


class Slot:
    def __init__(self, job):
        self.jobs = [job]
        self.done = []

    def work(self):
        try:
            job = self.jobs.pop()
        except IndexError:
            return
        self.done.append(job)


@pytest.mark.stress_threads(workers=0)
def test_done_once():
    slot = Slot("mail")
    helper = threading.Thread(target=slot.work)
    helper.start()
    slot.work()
    helper.join()
    assert slot.done == ["mail"]
