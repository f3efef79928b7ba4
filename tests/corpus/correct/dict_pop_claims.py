"""dict.pop(key, None) lets exactly one worker claim a job."""


def test_claim(thread_runner):
    jobs = {"backup": "run backup"}
    claimed = thread_runner.run(*[lambda: jobs.pop("backup", None)] * 3)
    assert sorted(c or "" for c in claimed) == ["", "", "run backup"]
    assert not jobs
