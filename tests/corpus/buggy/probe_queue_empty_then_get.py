"""Queue.empty() is out of date by the time of get_nowait()."""

import queue

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


def drain_one(jobs):
    if not jobs.empty():  # BUG
        return jobs.get_nowait()  # BUG
    return None


def test_drain(thread_runner):
    jobs = queue.Queue()
    jobs.put("mail")
    got = thread_runner.run(lambda: drain_one(jobs), lambda: drain_one(jobs))
    assert got.count("mail") == 1
