"""Queue.join with task_done in finally."""

import queue
import threading

import pytest


@pytest.mark.stress_threads(workers=0)
def test_join():
    jobs, done = queue.Queue(), []

    def work():
        while True:
            job = jobs.get()
            try:
                if job is None:
                    return
                done.append(job.upper())
            finally:
                jobs.task_done()

    thread = threading.Thread(target=work)
    thread.start()
    for job in ("a", "b", None):
        jobs.put(job)
    jobs.join()
    thread.join()
    assert done == ["A", "B"]
