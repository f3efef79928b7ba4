"""Real threads. Only answers that no busy machine can change are asserted."""

import _thread
import threading
import time

import pytest

from pytest_concurrency.parallelism import cause, judge, measure, notes, row, verdict

LOCK = threading.Lock()


def ours():
    return [thread for thread in threading.enumerate() if thread.name.startswith("parallelism-")]


def serialised():
    with LOCK:
        time.sleep(0.005)


def test_a_lock_around_the_body_is_found_and_named():
    found = measure([serialised] * 3, max_seconds=20)
    assert (judge(found), cause(found)) == ("serialised", "CH202")
    finding = verdict(found)
    assert finding is not None
    assert finding.code == "CH202"
    acquired, created = finding.locations
    assert (acquired.path, acquired.target) == (__file__, "LOCK")
    assert acquired.line == serialised.__code__.co_firstlineno + 1
    with open(__file__) as file:
        assert file.read().splitlines()[created.line - 1].startswith("LOCK =")
    assert ours() == []


def inner():
    return [number * number for number in range(2_000)]


def computes():
    time.sleep(0.0001)
    for _ in range(40):
        inner()


def test_where_a_worker_computes_is_seen():
    found = measure([computes] * 2, max_seconds=60, processes=False)
    finding = verdict(found)
    if finding is None:  # a busy machine
        return
    hot = found.profile.hot
    assert hot is not None
    assert (hot.path, hot.function) == (__file__, "inner")
    assert [place.line for place in finding.locations] == [inner.__code__.co_firstlineno + 1]


def test_the_call_of_an_empty_body_is_not_what_anybody_asks_about():
    found = measure([lambda: None] * 2, max_seconds=20)
    assert "does too little" in found.problem
    assert verdict(found) is None


def test_sleepers_are_never_reported():
    found = measure([lambda: time.sleep(0.1)] * 5, max_seconds=20)
    assert verdict(found) is None
    assert judge(found) == "parallel"
    assert row(found).workers == 5


def test_different_bodies_are_each_measured_alone():
    calls = []

    def worker(number):
        return lambda: (calls.append(number), time.sleep(0.1))

    found = measure([worker(1), worker(2)], max_seconds=20)
    assert verdict(found) is None
    assert len(found.alone) == 2
    assert calls.count(1) >= 2
    assert calls.count(2) >= 2


def test_an_error_in_the_first_call_is_handed_over():
    def fails():
        raise LookupError("no")

    found = measure([fails] * 2)
    assert isinstance(found.error, LookupError)
    assert verdict(found) is None


def test_a_body_that_cannot_be_repeated_is_inconclusive_and_no_error():
    calls = []

    def once():
        calls.append(1)
        if len(calls) > 1:
            raise FileExistsError

    found = measure([once] * 2)
    assert found.error is None
    assert "cannot be repeated" in found.problem
    assert len(notes(found)) == 1


def test_an_error_that_comes_only_together_is_handed_over():
    inside = []

    def alone_only():
        inside.append(1)
        try:
            time.sleep(0.05)
            if len(inside) > 1:
                raise RuntimeError("not alone")
        finally:
            inside.pop()

    found = measure([alone_only] * 2, max_seconds=20)
    assert isinstance(found.error, RuntimeError)


def test_workers_that_wait_for_each_other_do_not_hang():
    barrier = threading.Barrier(2)
    found = measure([barrier.wait] * 2, max_seconds=0.2, limit=20)
    assert "waits for the others" in found.problem
    assert not found.stuck
    assert ours() == []


def test_a_body_that_never_ends_is_given_up_and_its_thread_ended():
    def forever():
        while True:
            time.sleep(0.001)

    found = measure([forever] * 2, max_seconds=0.1, limit=0.3)
    assert found.stuck
    assert "forever" in found.problem
    deadline = time.monotonic() + 10
    while ours() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert ours() == []


def test_a_body_too_long_for_the_budget_is_inconclusive():
    found = measure([lambda: time.sleep(0.2)] * 2, max_seconds=0.25)
    assert "max_seconds=0.25" in found.problem
    assert judge(found) == "inconclusive"


def test_two_workers_at_least():
    with pytest.raises(ValueError, match="at least two"):
        measure([serialised])


def test_the_first_call_can_be_watched():
    watched = []
    measure([lambda: time.sleep(0.03)] * 2, first=lambda body: watched.append(body()))
    assert len(watched) == 1


def test_bodies_need_no_hash():
    class Body:
        def __eq__(self, other):
            return True

        def __call__(self):
            time.sleep(0.1)

    assert len(measure([Body(), Body()], max_seconds=20).alone) == 2


def test_an_interrupt_leaves_no_thread():
    def interrupts():
        _thread.interrupt_main()
        while True:
            time.sleep(0.001)

    with pytest.raises(KeyboardInterrupt):
        measure([interrupts] * 2, max_seconds=1, limit=60)
    deadline = time.monotonic() + 10
    while ours() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert ours() == []
