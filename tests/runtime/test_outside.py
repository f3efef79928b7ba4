"""What polls something outside the interpreter is no livelock, and time does not run away from a child process."""

from __future__ import annotations

import math
import os
import queue
import re
import select
import threading
import time
from collections import deque

import pytest

from pytest_concurrency.runtime import outside
from pytest_concurrency.runtime.outside import Children, _is_inward
from pytester_runs import run

POLLERS = """
    import os
    import subprocess
    import sys
    import time

    import pytest

    def child(seconds):
        return subprocess.Popen([sys.executable, "-S", "-c", f"import time; time.sleep({seconds})"])

    @pytest.mark.stress_threads(schedules=3)
    def test_busy():
        process, end = child(0.7), time.monotonic() + 60
        while process.poll() is None:
            assert time.monotonic() < end

    @pytest.mark.stress_threads(schedules=3)
    def test_asleep():
        process, end = child(0.7), time.monotonic() + 60
        while process.poll() is None:
            time.sleep(0.01)
            assert time.monotonic() < end

    @pytest.mark.stress_threads(schedules=3)
    def test_processor_time():
        end = time.thread_time() + 0.6
        while time.thread_time() < end:
            pass
"""


def test_pollers_of_what_comes_from_outside(pytester: pytest.Pytester) -> None:
    done = run(pytester, POLLERS)
    assert done.outcomes == dict.fromkeys(("test_busy", "test_asleep", "test_processor_time"), "PASSED"), done.text
    assert not any(done.codes(name) for name in done.tests), done.text


def test_a_poller_of_nothing_but_objects_is_a_livelock_though_it_calls(pytester: pytest.Pytester) -> None:
    done = run(
        pytester,
        """
        import threading
        import time

        table, stop = {}, threading.Event()

        def wait():
            while not table.get("ready") and not stop.is_set() and len("abc".upper()) == 3:
                pass

        def wait_asleep():
            while not table.get("ready"):
                time.sleep(0.01)

        def test_wait(thread_runner):
            thread_runner.run(wait, workers=2)

        def test_wait_asleep(thread_runner):
            thread_runner.run(wait_asleep, workers=2)
        """,
    )
    assert done.codes("test_wait") == done.codes("test_wait_asleep") == ["CH107"], done.text


@pytest.mark.parametrize(
    ("function", "inward"),
    [
        (len, True),
        ([].append, True),
        ({}.get, True),
        (dict.fromkeys, True),
        (str.upper, True),
        (deque().popleft, True),
        (re.compile("a").match, True),
        (threading.Lock().acquire, True),
        (queue.SimpleQueue().get, True),
        (math.floor, True),
        (time.monotonic, True),
        (time.process_time, False),
        (open, False),
        (os.stat, False),
        (os.getpid, False),
        (select.select, False),
    ],
)
def test_what_looks_at_nothing_but_objects(function: object, inward: bool) -> None:
    assert _is_inward(function) is inward


@pytest.mark.skipif(not os.path.exists("/proc/thread-self/children"), reason="the system does not list children")
def test_children_are_those_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "FRESH_SECONDS", 0)
    before = os.posix_spawnp("sleep", ["sleep", "60"], os.environ)
    try:
        children = Children()
        assert not children.unreaped()
        pid = os.posix_spawnp("sleep", ["sleep", "60"], os.environ)
        assert children.alive()
        os.kill(pid, 9)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert children.unreaped() == {pid}
        assert not children.alive()
        os.waitpid(pid, 0)
        assert not children.unreaped()
    finally:
        os.kill(before, 9)
        os.waitpid(before, 0)
