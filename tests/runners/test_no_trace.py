"""Nothing stays behind: after tests that pass, fail, hang, skip or are interrupted, all is as it was before."""

from __future__ import annotations

import re

from pytester_runs import run

CONFTEST = r"""
import gc, random, sys, threading, time, types, queue
import pytest

def shape():
    mine = sys.modules['test_it']
    return {
        "code": {n: id(f.__code__) for n, f in vars(mine).items() if isinstance(f, types.FunctionType)},
        "std": [id(f.__code__) for f in (threading.Thread.start, threading.Condition.wait, queue.Queue.get)],
        "builtins": (threading.Lock, threading.RLock, time.sleep, time.monotonic, random.random),
        "interval": sys.getswitchinterval(), "hook": threading.excepthook, "syshook": sys.excepthook,
        "threads": sorted(t.name for t in threading.enumerate()),
        "gc": gc.isenabled(), "trace": sys.gettrace(), "profile": sys.getprofile(),
        "unraisable": sys.unraisablehook,
    }

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item):
    random.seed(7)
    before, state = shape(), random.getstate()
    try:
        return (yield)
    finally:
        after = shape()
        changed = [key for key in before if before[key] != after[key]]
        if "thread_runner" in item.fixturenames and random.getstate() != state: changed.append("random")
        print("TRACE", item.name, changed or "none", file=sys.__stderr__)
"""

TESTS = r"""
import gc, queue, random, sys, threading, time, types
import pytest
from hypothesis import given, settings, strategies as st

def add(state): state[0] = state[0] + 1
def test_stressed_passing(thread_runner): thread_runner.run(int, int)
def test_stressed_failing(thread_runner):
    s = [0]
    thread_runner.run(lambda: add(s), lambda: add(s))
    random.random()
A, B = threading.Lock(), threading.Lock()
def one():
    with A:
        with B: pass
def two():
    with B:
        with A: pass
def test_stressed_deadlock(thread_runner): thread_runner.run(one, two)
def test_unharmed_after_deadlock():
    for lock in (A, B):
        assert lock.acquire(timeout=1); lock.release()
    t = threading.Thread(target=one); t.start(); t.join(5); assert not t.is_alive()
@pytest.mark.stress_threads(timeout=0.5)
def test_stressed_timeout(thread_runner):
    def spin():
        for _ in range(10**6): sum(range(100))
    thread_runner.run(spin, spin)
def test_stressed_skip(thread_runner): thread_runner.run(int, int); pytest.skip("s")
def test_stressed_leak(thread_runner):
    e = threading.Event()
    def wait(): e.wait()
    threading.Thread(target=wait).start()
def test_stressed_unseen(thread_runner):
    def boom(): raise ValueError("boom")
    t = threading.Thread(target=boom); t.start(); t.join()
@pytest.mark.stress_threads(timeout=0.5)
def test_stressed_livelock(thread_runner):
    s = [0]
    def wait():
        while not s[0]: pass
    thread_runner.run(wait, wait)
@pytest.mark.stress_threads
@given(st.integers())
def test_given(n): pass
def test_stressed_error_in_main(thread_runner):
    t = threading.Thread(target=lambda: time.sleep(1), daemon=True); t.start()
    raise KeyError(1)
def test_later():
    box = queue.Queue()
    t = threading.Thread(target=box.put, args=(1,)); t.start()
    assert box.get(timeout=5) == 1
    t.join()
"""


def test_no_trace_after_each_kind_of_end(pytester):
    pytester.makeconftest(CONFTEST)
    done = run(pytester, TESTS, "-s")
    traces = dict(re.findall(r"TRACE (\S+) (.*)", done.text))
    assert len(traces) == 12
    assert set(traces.values()) == {"none"}
    assert done.codes("test_stressed_failing") == ["CH101"]
    assert done.codes("test_stressed_deadlock") == ["CH104"]
    assert done.codes("test_stressed_leak") == ["CH109"]
    assert done.codes("test_stressed_unseen") == ["CH108"]
    assert done.tests["test_stressed_timeout"]["outcome"] == "error"
    for name in ("test_unharmed_after_deadlock", "test_given", "test_later", "test_stressed_passing"):
        assert done.outcomes[name] == "PASSED"


INTERRUPTED = """
import os, signal, sys, threading
import pytest
sys.runs = 0  # the state of this module is put back before each schedule

@pytest.mark.stress_threads(max_seconds=100, schedules=1000000)
def test_interrupted(thread_runner):
    sys.runs += 1
    lock, total = threading.Lock(), [0]
    def work():
        with lock:
            total[0] += 1
        if sys.runs == 20:
            os.kill(os.getpid(), signal.SIGINT)
        for _ in range(50):
            with lock:
                total[0] += 1
    thread_runner.run(work, work)

def test_after(): pass
"""


def test_ctrl_c_ends_the_session_at_once(pytester):
    done = run(pytester, INTERRUPTED)
    assert done.result.ret == 2
    assert "KeyboardInterrupt" in done.text
    assert "test_after" not in done.outcomes
    assert done.result.duration < 60, "long before the budget of the test is used up"


def test_ctrl_c_in_a_body_that_starts_its_own_threads(pytester):
    done = run(
        pytester,
        """
        import os, signal, threading, time
        import pytest
        @pytest.mark.stress_threads(workers=0)
        def test_interrupted():
            stop = threading.Event()
            threads = [threading.Thread(target=stop.wait) for _ in range(3)]
            for thread in threads: thread.start()
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)
            stop.set()
        """,
    )
    assert done.result.ret == 2


def test_a_fixture_that_fails_when_it_is_set_up_again_leaves_no_thread_and_no_processor_behind(pytester):
    """Threads and the processor are taken before the code is instrumented, which may fail."""
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(
        test_it="""
        import os
        import pytest
        made = os.environ
        where = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
        @pytest.fixture
        def once():
            assert "MADE_ONCE" not in made
            made["MADE_ONCE"] = "1"
        def test_once(thread_runner, once):
            thread_runner.run(int, int)
        def test_where():
            assert where is None or os.sched_getaffinity(0) == where
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=1)
    result.stderr.fnmatch_lines(["TRACE test_once none"])
