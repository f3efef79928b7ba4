import multiprocessing
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.process import BaseProcess

import pytest

from pytest_concurrency.parallelism.spawns import joined_one_by_one
from pytest_concurrency.parallelism.watch import watch


def serve(count):
    for _ in range(count):
        thread = threading.Thread(target=time.sleep, args=(0.005,))
        thread.start()
        thread.join()


def test_a_loop_that_starts_and_joins_is_one_site():
    with watch() as log:
        serve(3)
    (site,) = joined_one_by_one(log.spawns)
    assert site.count == 3
    assert site.line == (__file__, serve.__code__.co_firstlineno + 3)


def test_a_helper_in_a_loop_is_one_site_and_two_calls_are_two():
    def helper():
        thread = threading.Thread(target=time.sleep, args=(0.005,))
        thread.start()
        thread.join()

    with watch() as log:
        for _ in range(2):
            helper()
    assert len(joined_one_by_one(log.spawns)) == 1
    with watch() as log:
        helper()
        helper()
    assert joined_one_by_one(log.spawns) == ()


def test_a_join_with_a_time_limit_is_a_watchdog():
    with watch() as log:
        for _ in range(3):
            thread = threading.Thread(target=time.sleep, args=(0.005,))
            thread.start()
            thread.join(10)
    assert joined_one_by_one(log.spawns) == ()


def test_start_all_then_join_all():
    with watch() as log:
        threads = [threading.Thread(target=time.sleep, args=(0.005,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(log.spawns) == 3
    assert joined_one_by_one(log.spawns) == ()


def test_submit_and_wait_in_a_loop():
    with watch() as log, ThreadPoolExecutor(2) as pool:
        for _ in range(3):
            pool.submit(time.sleep, 0.005).result()
    (site,) = joined_one_by_one(log.spawns)
    assert (site.kind, site.count) == ("task", 3)


@pytest.mark.parametrize("workers", [1, 2])
def test_map_and_a_pool_of_one_are_fine(workers):
    with watch() as log, ThreadPoolExecutor(workers) as pool:
        list(pool.map(time.sleep, [0.005] * 3))
        if workers == 1:
            for _ in range(3):
                pool.submit(time.sleep, 0.005).result()
    assert joined_one_by_one(log.spawns) == ()


def test_nothing_stays_patched_even_after_an_error():
    before = [threading.Thread.start, threading.Thread.join, BaseProcess.start, Future.result]
    thread = threading.Thread(target=int)
    with pytest.raises(ZeroDivisionError), watch():
        thread.start()
        thread.join()
        1 / 0
    assert [threading.Thread.start, threading.Thread.join, BaseProcess.start, Future.result] == before
    assert "run" not in vars(thread)


def test_processes_are_watched_too():
    context = multiprocessing.get_context("spawn")
    with watch() as log:
        for _ in range(2):
            process = context.Process(target=int)
            process.start()
            process.join()
    (site,) = joined_one_by_one(log.spawns)
    assert (site.kind, site.count) == ("process", 2)


def test_tasks_may_have_arguments_of_any_name():
    taken = dict.fromkeys(("log", "original", "pool", "worker", "self"), 1)
    with watch(), ThreadPoolExecutor(2) as pool:
        assert pool.submit(dict, **taken).result() == taken
