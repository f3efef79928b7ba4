"""A batch is made of jobs that are popped one by one."""

from collections import deque


def take_batch(jobs, size):
    batch = []
    while len(batch) < size:
        try:
            batch.append(jobs.popleft())
        except IndexError:
            break
    return batch


def test_batches(thread_runner):
    jobs = deque(["a", "b", "c", "d"])
    first, second = thread_runner.run(lambda: take_batch(jobs, 2), lambda: take_batch(jobs, 2))
    assert sorted(first + second) == ["a", "b", "c", "d"]
