"""Polling a flag with time.sleep."""

import time


class Job:
    def __init__(self):
        self.done = False
        self.result = None

    def run(self):
        time.sleep(5)
        self.result = "ok"
        self.done = True

    def wait(self):
        while not self.done:
            time.sleep(0.25)
        return self.result


def test_polling(thread_runner):
    job = Job()
    assert thread_runner.run(job.wait, job.run)[0] == "ok"
