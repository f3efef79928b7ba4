import os
import threading

import pytest

from pytest_concurrency.realtime import RealTime
from pytest_concurrency.runtime.processor import OneProcessor

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="needs two processors to choose from",
)


def affinity(native_id=0):
    """Ask the kernel, whatever stands in for the function meanwhile."""
    with open(f"/proc/self/task/{native_id or threading.get_native_id()}/status") as status:
        listed = next(line.split()[1] for line in status if line.startswith("Cpus_allowed_list"))
    return listed


@pytest.fixture
def one():
    processor = OneProcessor()
    yield processor
    processor.close()


def test_one_processor_while_it_is_taken_and_all_of_them_afterwards(one):
    before, asked = affinity(), os.sched_getaffinity
    for _ in range(2):
        one.take()
        assert affinity().isdigit()
        one.let_go()
        assert affinity() == before
        assert os.sched_getaffinity is asked


def test_the_code_under_test_is_told_what_it_was_told_before(one):
    before = os.sched_getaffinity(0)
    count = getattr(os, "process_cpu_count", os.cpu_count)()
    one.take()
    from os import sched_getaffinity

    assert os.sched_getaffinity(0) == before
    assert getattr(os, "process_cpu_count", os.cpu_count)() == count
    one.close()
    assert sched_getaffinity(0) == before, "a name that was bound meanwhile works afterwards"


def test_a_thread_that_outlives_the_runs_is_let_go_where_it_could_go(one):
    before, end = affinity(), threading.Event()
    one.take()
    thread = threading.Thread(target=end.wait)
    thread.start()
    try:
        assert affinity(thread.native_id).isdigit()
        one.let_go()
        assert affinity(thread.native_id) == before
    finally:
        end.set()
        thread.join()


def test_what_the_code_under_test_sets_itself_is_left_as_it_is(one):
    before = os.sched_getaffinity(0)
    try:
        one.take()
        mine = {next(cpu for cpu in before if str(cpu) != affinity())}
        os.sched_setaffinity(0, mine)
        assert os.sched_getaffinity(0) == mine
        one.let_go()
        assert os.sched_getaffinity(0) == mine
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize("share, kept", [(0.95, True), (0.4, False)])
def test_it_lets_go_where_others_compete_for_the_processor(monkeypatch, one, share, kept):
    now = [0.0]
    monkeypatch.setattr(RealTime, "monotonic", lambda: now[0])
    monkeypatch.setattr(RealTime, "process_time", lambda: share * now[0])
    for _ in range(4):
        now[0] += 1.0
        one.take()
    assert affinity().isdigit() is kept


def test_without_a_platform_that_knows_affinity_nothing_happens(monkeypatch):
    monkeypatch.delattr(os, "sched_setaffinity")
    before = affinity()
    OneProcessor().take()
    assert affinity() == before


def test_workers_of_xdist_choose_different_processors(monkeypatch):
    allowed = sorted(os.sched_getaffinity(0))
    taken = []
    for number in range(2):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", f"gw{number}")
        one = OneProcessor()
        one.take()
        taken.append(affinity())
        one.close()
    assert taken == [str(allowed[0]), str(allowed[1])]
