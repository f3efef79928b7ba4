"""The hooks are on in pytest's own process while processes are explored, and off before anything else runs."""

from __future__ import annotations

import pytest

CONFTEST = """
import builtins, ctypes, fcntl, io, multiprocessing, os, sqlite3, time
from multiprocessing import connection, managers, process, queues, sharedctypes, shared_memory, synchronize
import pytest

OWNERS = (
    builtins, fcntl, io, os, sqlite3, time, ctypes.c_int, connection.Connection, managers.BaseProxy,
    managers.BaseManager, process.BaseProcess, queues.Queue, queues.JoinableQueue, queues.SimpleQueue,
    sharedctypes.Synchronized, sharedctypes.SynchronizedArray, sharedctypes.SynchronizedBase,
    shared_memory.SharedMemory, synchronize.SemLock, synchronize.Condition, synchronize.Event,
)

def looked_at():
    return {(owner.__name__, name): id(value) for owner in OWNERS for name, value in vars(owner).items()}

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    item.config.before = looked_at()
    try:
        return (yield)
    finally:
        after = looked_at()
        changed = {key for key in after.keys() | item.config.before if after.get(key) != item.config.before.get(key)}
        print("TRACE", item.name, sorted(changed) or "none")
"""

TESTS = """
import multiprocessing, os, signal, sys
import pytest
ctx = multiprocessing.get_context("fork")
sys.begun = 0

@pytest.fixture
def value():
    sys.begun += 1
    if sys.begun == 4:  # while schedules are explored
        import late
        assert not isinstance(late.replace, type(len))
    return ctx.Value("i", 0)

@pytest.mark.stress_processes(workers=2, repeats=1, schedules=6)
def test_passing(value):
    with value.get_lock():
        value.value += 1

@pytest.mark.stress_processes(workers=2, repeats=1, schedules=6)
def test_failing(value):
    value.value += 1

@pytest.mark.stress_processes(workers=2, repeats=1, schedules=6)
def test_raising(value):
    with value.get_lock():
        value.value += 1
        assert value.value < 2

def test_ordinary():
    import late
    assert late.replace is os.replace

sys.parts = 0

@pytest.fixture
def interrupting(value):
    sys.parts += 1
    if sys.parts == 4:
        os.kill(os.getpid(), signal.SIGINT)
    return value

@pytest.mark.stress_processes(workers=2, repeats=1, schedules=6)
def test_interrupted(interrupting):
    interrupting.value += 0
"""


def test_the_library_is_as_before(pytester: pytest.Pytester, tmp_path_factory: pytest.TempPathFactory) -> None:
    pytester.makepyfile(test_it=TESTS)
    library = tmp_path_factory.mktemp("library")  # what is below rootdir is imported anew for each schedule
    (library / "late.py").write_text("from os import replace\n")
    pytester.makeconftest(CONFTEST + f"\nimport sys\nsys.path.insert(0, {str(library)!r})")
    result = pytester.runpytest_subprocess("-s", "-p", "no:randomly", "-p", "no:cacheprovider", timeout=120)
    traces = [line.partition("TRACE ")[2] for line in result.outlines if "TRACE " in line]
    names = ("test_passing", "test_failing", "test_raising", "test_ordinary", "test_interrupted")
    assert traces == [f"{name} none" for name in names]
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(["*KeyboardInterrupt*"])
