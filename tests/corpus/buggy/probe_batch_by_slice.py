"""A batch is copied by a slice and then cut off by a slice assignment: a job is done twice."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


def take_batch(jobs, size):
    batch = jobs[:size]  # BUG
    jobs[:size] = []  # BUG
    return batch


def test_batches(thread_runner):
    jobs = ["a", "b", "c", "d"]
    first, second = thread_runner.run(lambda: take_batch(jobs, 2), lambda: take_batch(jobs, 2))
    assert sorted(first + second) == ["a", "b", "c", "d"]
