"""How the workers of a controlled schedule end: what their end has to do is done, and none is there any more when code of
the test's runs again."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

LEFT = """
import atexit, multiprocessing, os, sys, threading, time, pytest
from pathlib import Path
from multiprocessing import util
ctx = multiprocessing.get_context("fork")
OUT = os.path.join(os.path.dirname(__file__), "out")

def told(word):
    handle = os.open(OUT, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, word.encode() + b"\\n")
    os.close(handle)

class Late:
    def __del__(self):
        told("returned")

    def __reduce__(self):
        return int, (1,)

def slowly(word):
    time.sleep(0.05)
    told(word)

@pytest.fixture
def queue():
    return ctx.Queue()

@pytest.fixture
def value():
    value = ctx.Value("i", 0)
    yield value
    assert multiprocessing.active_children() == []
    if sys.platform == "linux":
        assert Path(f"/proc/{{os.getpid()}}/task/{{os.getpid()}}/children").read_text() == ""

@pytest.mark.stress_processes(workers=2, repeats=1, schedules=3, max_seconds=60)
def test_it(value, queue):
    with value.get_lock():
        value.value += 1
    {left}
"""

ENDINGS = {
    "finalizer": 'util.Finalize(None, told, ("done",), exitpriority=1)',
    "thread": 'threading.Thread(target=slowly, args=("done",)).start()',
    "child": 'ctx.Process(target=slowly, args=("done",)).start()',
    "returned": "return Late()",
}
if sys.version_info >= (3, 13):  # where multiprocessing calls what is registered in a forked process
    ENDINGS["atexit"] = 'atexit.register(told, "done")'


@pytest.mark.parametrize("left", ENDINGS.values(), ids=ENDINGS)
def test_what_a_worker_has_left_for_its_end_is_done(pytester: pytest.Pytester, left: str) -> None:
    pytester.makepyfile(test_it=LEFT.format(left=left))
    result = pytester.runpytest_subprocess("-p", "no:randomly", "--concurrency-report", "json:out.json")
    result.assert_outcomes(passed=1)
    lines = Path(pytester.path, "out").read_text().split()
    assert len(lines) >= 2 * 4, lines  # three schedules and a run in real time


def test_no_worker_is_there_when_the_test_goes_on(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=LEFT.format(left="pass"))
    result = pytester.runpytest_subprocess("-p", "no:randomly")
    result.assert_outcomes(passed=1)


STREAMS = """
import sys, pytest
@pytest.mark.stress_processes(workers=2, repeats=1, schedules=3, max_seconds=60)
def test_it():
    print("said")
    sys.stderr.write("said")
    sys.stdout.flush()
    assert (sys.stdout.fileno(), sys.stderr.fileno()) == (1, 2)
"""


def test_workers_print_to_nowhere(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=STREAMS)
    result = pytester.runpytest_subprocess("-p", "no:randomly", "-s")
    result.assert_outcomes(passed=1)
    assert result.stdout.str().count("said") <= 4  # of two workers in real time
