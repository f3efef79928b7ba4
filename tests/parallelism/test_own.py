import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from pytest_concurrency.interpreter import gil_enabled
from pytest_concurrency.parallelism import cause, judge, verdict
from pytest_concurrency.parallelism.own import measure_own
from pytest_concurrency.parallelism.spawns import joined_one_by_one


def start_and_join(*targets):
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_threads_of_the_body_at_one_lock():
    def body():
        lock = threading.Lock()

        def work():
            with lock:
                time.sleep(0.3)

        start_and_join(work, work)

    found = measure_own(body, max_seconds=20).measurement
    assert (judge(found), cause(found)) == ("serialised", "CH202")
    finding = verdict(found)
    assert finding is not None
    assert [location.target for location in finding.locations] == ["lock", "lock"]


def test_threads_of_the_body_that_sleep():
    own = measure_own(lambda: start_and_join(*[lambda: time.sleep(0.1)] * 5), max_seconds=20)
    assert judge(own.measurement) == "parallel"
    assert len(own.spawns) == 5


def test_threads_that_compute_for_a_moment_are_made_to_meet():
    def work():
        end = time.thread_time() + 0.05
        while time.thread_time() < end:
            pass

    interval = sys.getswitchinterval()
    found = measure_own(lambda: start_and_join(*[work] * 4), max_seconds=20).measurement
    assert not found.problem
    if gil_enabled():
        assert (judge(found), cause(found)) == ("serialised", "CH201")
    assert sys.getswitchinterval() == interval


def test_tasks_of_an_executor_are_only_watched():
    def body():
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(time.sleep, [0.03] * 3))

    assert "executor" in measure_own(body, max_seconds=5).measurement.problem


def test_threads_that_need_each_other_are_not_measured():
    def body():
        barrier = threading.Barrier(2)
        start_and_join(*[lambda: (time.sleep(0.05), barrier.wait())] * 2)

    found = measure_own(body, max_seconds=5).measurement
    assert "wait for each other" in found.problem
    assert verdict(found) is None


def test_one_after_the_other_is_seen_by_the_watch():
    def body():
        for _ in range(3):
            start_and_join(lambda: time.sleep(0.02))

    own = measure_own(body)
    assert len(joined_one_by_one(own.spawns)) == 1


def test_the_first_error_counts_and_a_later_one_does_not():
    def fails():
        raise LookupError

    assert isinstance(measure_own(fails).measurement.error, LookupError)
    runs = []

    def once():
        runs.append(1)
        if len(runs) > 1:
            raise LookupError
        start_and_join(*[lambda: time.sleep(0.1)] * 2)

    found = measure_own(once).measurement
    assert found.error is None
    assert "cannot be repeated" in found.problem
