"""get_nowait and except Empty."""

import queue


def drain_one(jobs):
    try:
        return jobs.get_nowait()
    except queue.Empty:
        return None


def test_drain(thread_runner):
    jobs = queue.Queue()
    jobs.put("mail")
    got = thread_runner.run(lambda: drain_one(jobs), lambda: drain_one(jobs))
    assert got.count("mail") == 1
