"""Code that never comes to a scheduling point again: the session goes on, the report says where, nothing stays."""

from __future__ import annotations

import os
import signal
import sys

import pytest

AFTER = """

def test_after():
    import threading
    import time

    assert threading.enumerate() == [threading.main_thread()]
    used = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - used < 0.15
"""
HELPER = """
def spin():
    while True:
        pass


def spin_and_swallow():
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
"""


@pytest.fixture
def run(pytester):
    def run(source: str, *options: str):
        pytester.makepyfile(helper=HELPER, test_it="import threading, itertools, pytest, helper\n" + source + AFTER)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:randomly", *options, timeout=60)

    return run


BODIES = {
    "in the body": ("while True:\n        pass", "test_it.py:[45]"),
    "in a helper": ("helper.spin()", "helper.py:[23]"),
    "for a flag": ("flag = False\n    while not flag:\n        pass", "test_it.py:[56]"),
    "over an iterator": ("for _ in itertools.repeat(None):\n        pass", "test_it.py:[45]"),
    "in a call of C": ("sum(1 for _ in itertools.count())", "test_it.py:4"),
}


@pytest.mark.parametrize("body", BODIES)
def test_workers_that_spin(run, body):
    code, place = BODIES[body]
    result = run(f"@pytest.mark.stress_threads(timeout=1)\ndef test_spin():\n    {code}\n")
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(
        [f"a schedule did not end within 1 s: worker 0 is* at {place}, worker 1 is* at {place};*"]
    )


@pytest.mark.skipif(sys.version_info < (3, 12), reason="there is no sys.monitoring")
def test_workers_that_swallow_what_is_to_end_them(run):
    result = run("@pytest.mark.stress_threads(timeout=1)\ndef test_spin():\n    helper.spin_and_swallow()\n")
    result.assert_outcomes(failed=1, passed=1)


def test_one_of_two_callables(run):
    result = run(
        """
@pytest.mark.stress_threads(timeout=1)
def test_spin(thread_runner):
    thread_runner.run(helper.spin, lambda: 3)
"""
    )
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["a schedule did not end within 1 s: worker 0 is still running at helper.py:[23]; *"])


def test_threads_of_the_test(run):
    result = run(
        """
@pytest.mark.stress_threads(workers=0, timeout=1)
def test_spin():
    threads = [threading.Thread(target=helper.spin) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""
    )
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(
        ["a schedule did not end within 1 s: worker 0 is* at helper.py:[23], worker 1 is* at *"]
    )


@pytest.mark.parametrize(
    "wait", ["helper.spin()", "threading.Lock().__class__; here, _ = __import__('socket').socketpair(); here.recv(1)"]
)
def test_the_test_itself(run, wait):
    result = run(
        f"""
@pytest.mark.stress_threads(workers=0, timeout=1)
def test_spin():
    thread = threading.Thread(target=len, args=("",))
    thread.start()
    thread.join()
    {wait}
"""
    )
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["a schedule did not end within 1 s: the test is still * at *"])


def test_a_daemon_that_computes_keeps_nobody(run):
    """Nor does the interpreter let it."""
    result = run(
        """
@pytest.mark.stress_threads(workers=0, timeout=1, max_seconds=1, switch_intervals=())
def test_spin():
    threading.Thread(target=helper.spin, daemon=True).start()
    other = threading.Thread(target=len, args=("",))
    other.start()
    other.join()
"""
    )
    result.assert_outcomes(passed=2)


def test_on_real_threads_only(run):
    result = run(
        """
import sys

@pytest.mark.stress_threads(workers=0, timeout=1, max_seconds=1)
def test_spin():
    free = any(thread.name == "free-0" for thread in threading.enumerate())
    thread = threading.Thread(target=helper.spin if free else len, args=() if free else ("",))
    thread.start()
    thread.join()
"""
    )
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["*: the run did not end within 1 s: 1 thread at helper.py:[23], 1 thread at test_it.py:*"]
    )
    result.stdout.no_fnmatch_line("*Exception in thread*")


def test_a_replay(run):
    """The schedule that failed once spins now."""
    source = """
import os.path

class Box:
    value = 0

@pytest.mark.stress_threads(timeout=1)
def test_spin():
    if os.path.exists("spin"):
        helper.spin()
    Box.value += 1
"""
    first = run(source)
    token = next(line.split("--concurrency-replay=")[1] for line in first.outlines if "--concurrency-replay=" in line)
    open("spin", "w").close()
    result = run(source, "-k", "spin", f"--concurrency-replay={token}")
    result.stdout.fnmatch_lines(["a schedule did not end within 1 s: worker 0 is still running at helper.py:[23], *"])


def test_the_main_thread_is_judged_when_it_is_back_from_a_call(run):
    result = run(
        """
import socket

@pytest.mark.stress_threads(workers=0, timeout=5, max_seconds=1)
def test_reply():
    here, there = socket.socketpair()

    def reply():
        there.send(b"x")
        sum(i for i in range(200_000))

    thread = threading.Thread(target=reply)
    thread.start()
    with here, there:
        if here.recv(1) != b"y":
            raise ValueError("the wrong reply")
"""
    )
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["*ValueError: the wrong reply"])


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there is no timer")
@pytest.mark.skipif(not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="no thread keeps others from running")
def test_a_call_that_keeps_the_interpreter_ends_the_session_with_its_line(pytester):
    pytester.makepyfile(
        test_it="""
        import itertools

        import pytest

        @pytest.mark.stress_threads(timeout=1)
        def test_spin():
            sum(itertools.count())
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", timeout=60)
    assert result.ret == -signal.SIGPROF or os.name == "nt"
    result.stderr.fnmatch_lines(["*test_it.py*, line 7 in test_spin"])


def test_signals_and_timers_are_as_before(run):
    result = run(
        """
import signal

def state():
    return [signal.getsignal(n) for n in signal.valid_signals()], signal.getitimer(signal.ITIMER_PROF)

BEFORE = state()

@pytest.mark.stress_threads(timeout=1)
def test_spin():
    helper.spin()

def test_state():
    assert state() == BEFORE
"""
    )
    result.assert_outcomes(failed=1, passed=2)
