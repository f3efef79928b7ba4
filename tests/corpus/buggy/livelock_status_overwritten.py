"""A poller waits for a status that is overwritten before it looks."""

import time

EXPECT = {"codes": ["CH107"], "max_schedule": None}


class Job:
    status = "new"


def test_job(thread_runner):
    job = Job()

    def work():
        job.status = "running"  # BUG
        job.status = "done"  # BUG

    def watch():
        while job.status != "running":  # BUG
            time.sleep(0.01)  # BUG

    thread_runner.run(watch, work)
