"""A pool of three processes with four tasks. Shows CH406, ``join`` before ``close``, and CH403, an error never fetched.

``join`` waits for the pool's processes to end, and they do not end before ``close`` says that no more tasks come. A
task that fails says so only to who asks for its result.
"""

import multiprocessing
import time

import pytest

context = multiprocessing.get_context("fork")


def task(name):
    time.sleep(0.02)
    return name


def failing_task(name):
    raise ValueError(name)


@pytest.mark.stress_processes(workers=0, repeats=1)
def test_join_before_close():
    with context.Pool(3) as pool:
        for i in range(4):
            pool.apply_async(task, args=(i,))
        pool.join()


@pytest.mark.stress_processes(workers=0, repeats=1)
def test_error_never_fetched():
    pool = context.Pool(3)
    for i in range(4):
        pool.apply_async(failing_task, args=(i,))
    pool.close()
    pool.join()


@pytest.mark.stress_processes(workers=0, repeats=2)
def test_close_then_join():
    pool = context.Pool(3)
    results = [pool.apply_async(task, args=(i,)) for i in range(4)]
    pool.close()
    pool.join()
    assert [result.get() for result in results] == [0, 1, 2, 3]
