"""phase01: each thread takes a lock twice and gives it back once; the other waits for ever, in any order."""

import threading


class Phases:
    def __init__(self):
        self.x = threading.Lock()
        self.y = threading.Lock()

    def work(self):
        self.x.acquire()
        self.x.release()
        self.x.acquire()
        self.y.acquire()
        self.y.release()
        self.y.acquire()
        self.y.release()

    def work_fixed(self):
        self.x.acquire()
        self.x.release()
        self.x.acquire()
        self.x.release()
        self.y.acquire()
        self.y.release()
        self.y.acquire()
        self.y.release()


def test_phase01(thread_runner):
    phases = Phases()
    thread_runner.run(phases.work, phases.work)


def test_phase01_fixed(thread_runner):
    phases = Phases()
    thread_runner.run(phases.work_fixed, phases.work_fixed)
