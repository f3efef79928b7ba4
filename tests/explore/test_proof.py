"""Proofs and bounds in a real pytest: claimed where all was explored, and nowhere else."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from pytester_runs import run

NEEDS_MONITORING = pytest.mark.skipif(sys.version_info < (3, 12), reason="proofs need sys.monitoring")
HEADER = """
import bisect, dataclasses, functools, heapq, io, itertools, operator, os, random, threading, time
import pytest

BY_AT = operator.attrgetter("real")

class Counter:
    def __init__(self):
        self.value = 0
        self.lock = threading.Lock()

    def increment(self):
        with self.lock:
            self.value += 1
"""


def stressed(pytester: pytest.Pytester, body: str, *options: str) -> dict[str, Any]:
    """Run one test and return its object in the JSON report."""
    pytester.makepyfile(test_it=HEADER + body)
    pytester.runpytest_subprocess(
        "-p", "no:randomly", "-p", "no:cacheprovider", "--concurrency-max-seconds=30",
        "--concurrency-report=json:report.json", *options,
    )  # fmt: skip
    (test,) = json.loads((pytester.path / "report.json").read_text())["tests"]
    assert isinstance(test, dict)
    return test


@NEEDS_MONITORING
@pytest.mark.parametrize("strategy", ["auto", "dpor"])
def test_locked_counter_is_proven(pytester: pytest.Pytester, strategy: str) -> None:
    test = stressed(
        pytester,
        """
def test_it(thread_runner):
    counter = Counter()
    thread_runner.run(counter.increment, workers=4)
    assert counter.value == 4
""",
        f"--concurrency-strategy={strategy}",
    )
    assert test["exhaustive"] is True
    assert test["verdict"] == "proven"
    assert "all 24 distinct interleavings of the operations on shared locations explored: no hazard" in test["notes"]


@NEEDS_MONITORING
def test_a_heap_is_proven(pytester: pytest.Pytester) -> None:
    test = stressed(
        pytester,
        """
from bisect import insort
from heapq import heappush

class Job:
    pass

def test_it(thread_runner):
    heap, numbers, counts = [(5, "a", Job())], [5], {}
    def work(n):
        heappush(heap, (n, str(n), Job()))
        insort(numbers, n)
        operator.setitem(counts, n, n)
    thread_runner.run(lambda: work(1), lambda: work(2))
    assert [heapq.heappop(heap)[0] for _ in range(3)] == numbers == [1, 2, 5]
    assert counts == {1: 1, 2: 2}
""",
        "--concurrency-strategy=dpor",
    )
    assert (test["outcome"], test["verdict"]) == ("passed", "proven"), test
    assert "all 8 distinct interleavings of the operations on shared locations explored: no hazard" in test["notes"]


@NEEDS_MONITORING
def test_bounded_exhausts_a_small_program(pytester: pytest.Pytester) -> None:
    body = "\ndef test_it(thread_runner):\n    thread_runner.run(Counter().increment, workers=2)\n"
    test = stressed(pytester, body, "--concurrency-strategy=bounded")
    assert test["exhaustive"] is True


def test_bounded_says_how_many_preemptions_a_failure_needs(pytester: pytest.Pytester) -> None:
    test = stressed(
        pytester,
        """
def test_it(thread_runner):
    state = {"n": 0}
    def add():
        state["n"] += 1
    thread_runner.run(add, workers=2)
    assert state["n"] == 2
""",
        "--concurrency-strategy=bounded",
    )
    assert "the failure needs at least 1 preemption" in test["notes"]
    assert test["exhaustive"] is False


def test_a_limit_is_said_loudly(pytester: pytest.Pytester) -> None:
    body = "\ndef test_it(thread_runner):\n    thread_runner.run(Counter().increment, workers=6)\n"
    test = stressed(pytester, body, "--concurrency-strategy=dpor", "--concurrency-schedules=20")
    assert test["exhaustive"] is False
    assert test["verdict"] == ("cut short" if sys.version_info >= (3, 12) else test["verdict"])
    assert any(note.startswith("cut short:") for note in test["notes"])


DOUBTFUL = {
    "sorted by a function in C": "    items = [1]\n    def work():\n        sorted(items, key=BY_AT)\n",
    "put in order by a function in C": "    items = [1]\n    def work():\n        items.sort(key=BY_AT)\n",
    "shared generator": "    numbers = iter(range(9))\n    def work():\n        next(numbers)\n",
    "file-like": "    file = io.StringIO()\n    def work():\n        file.write('a')\n",
    "cached": "    @functools.lru_cache\n    def cached():\n        return 1\n    def work():\n        cached()\n",
    "environment": "    def work():\n        os.environ['XYZ'] = '1'\n",
    "sleep": "    def work():\n        time.sleep(1)\n",
    "in place": "    shared = []\n    def work():\n        mine = shared\n        mine += [1]\n",
    "method of a builtin": "    shared = []\n    work = shared.append\n    work = functools.partial(work, 1)\n",
    "behind tee": "    both = list(itertools.tee(iter('ab')))\n    def work():\n        for x in both.pop(): x\n",
    "items that are compared in Python": (
        "    @dataclasses.dataclass(order=True)\n    class Item:\n        at: int\n"
        "    heap = [Item(1)]\n    def work():\n        heapq.heappush(heap, Item(2))\n"
    ),
    "items that are sorted by code of a library": (
        "    @dataclasses.dataclass(order=True)\n    class Item:\n        at: int\n"
        "    items = [Item(1), Item(2)]\n    def work():\n        sorted(items)\n"
    ),
    "items that a method compares": (
        "    @dataclasses.dataclass\n    class Item:\n        at: int\n"
        "    items = [Item(1), Item(2)]\n    def work():\n        items.count(Item(1))\n"
    ),
    "items that are containers": "    heap = [[1]]\n    def work():\n        heapq.heappush(heap, [2])\n",
    "key function": "    def work():\n        bisect.bisect([1], 2, key=abs)\n",
    "random numbers": "    shared = [1]\n    def work():\n        random.choice(shared)\n",
    "another container read": "    a, b = [], []\n    def work():\n        operator.iadd(a, b)\n",
    "thread-local": "    local = threading.local()\n    def work():\n        local.x = 1\n        return local.x\n",
}


@pytest.mark.parametrize("work", DOUBTFUL.values(), ids=DOUBTFUL.keys())
@pytest.mark.parametrize("strategy", ["dpor"])
def test_no_proof_where_something_is_not_announced(pytester: pytest.Pytester, work: str, strategy: str) -> None:
    body = f"\ndef test_it(thread_runner):\n{work}    thread_runner.run(work, workers=2)\n"
    test = stressed(pytester, body, f"--concurrency-strategy={strategy}")
    assert test["outcome"] == "passed"
    assert test["exhaustive"] is False
    assert test["verdict"] == "explored"


def test_try_lock_needs_a_preemption_before_the_release(pytester: pytest.Pytester) -> None:
    test = stressed(
        pytester,
        """
def test_it(thread_runner):
    lock, failed = threading.Lock(), []
    def work():
        if lock.acquire(blocking=False):
            lock.release()
        else:
            failed.append(1)
    thread_runner.run(work, workers=2)
    assert not failed
""",
        "--concurrency-strategy=dpor",
    )
    assert test["outcome"] == "failed"
    assert test["hazards"][0]["code"] == "CH110"
    assert test["hazards"][0]["replay"]


def test_time_that_is_over_is_said_loudly(pytester: pytest.Pytester) -> None:
    """In the line of the test, in the summary, with -v, and in the JSON report; a proof is never claimed then."""
    pytester.makepyfile(
        test_it=HEADER + "\ndef test_it(thread_runner):\n    thread_runner.run(Counter().increment, workers=4)\n"
    )
    result = pytester.runpytest_subprocess(
        "-v", "-p", "no:randomly", "-p", "no:cacheprovider", "--concurrency-max-seconds=0.000001",
        "--concurrency-report=json:report.json",
    )  # fmt: skip
    (test,) = json.loads((pytester.path / "report.json").read_text())["tests"]
    assert (test["outcome"], test["exhaustive"], test["verdict"]) == ("passed", False, "cut short")
    assert [note for note in test["notes"] if note.startswith("cut short by max_seconds=1e-06:")]
    result.stdout.fnmatch_lines(
        ["*test_it: cut short by max_seconds=*", "*schedules, cut short: no hazard", "*no hazard, 1 cut short*"]
    )


def test_a_failing_test_has_no_verdict(pytester: pytest.Pytester) -> None:
    test = stressed(pytester, "\ndef test_it(thread_runner):\n    assert not thread_runner.run(dict, workers=2)\n")
    assert (test["outcome"], test["verdict"]) == ("failed", None)


def test_a_test_that_starts_nothing_is_told_so(pytester: pytest.Pytester) -> None:
    source = """
import threading
import pytest
def start():
    thread = threading.Thread(target=len, args=("",))
    thread.start()
    thread.join()
def test_no_run(thread_runner): pass
def test_run(thread_runner):
    thread_runner.run(str)
@pytest.mark.stress_threads(workers=0)
def test_no_thread(): pass
@pytest.mark.stress_threads(workers=0)
def test_thread():
    start()
@pytest.mark.stress_threads(workers=1)
def test_one(): pass
@pytest.mark.stress_threads(workers=1)
def test_one_and_a_thread():
    start()
@pytest.mark.stress_threads
def test_two(): pass
@pytest.mark.stress_threads(include=["json.decoder", "not_there"])
def test_included(): pass
"""
    done = run(pytester, source, "-v", "--concurrency-schedules=3")
    said = "no two workers or threads ran at once: there was nothing to explore"
    assert {name for name, test in done.tests.items() if said in test["notes"]} == {
        "test_no_run",
        "test_no_thread",
        "test_one",
    }
    assert [note for note in done.tests["test_included"]["notes"] if note.startswith("include")] == [
        "include: no module not_there was imported"
    ]
    done.result.stdout.fnmatch_lines(["test_it.py::test_included: include: no module not_there was imported"])
    told = [line for line in done.result.outlines if line.startswith("test_it.py::test_two: ")]
    assert len(told) == 1 and told[0].endswith(": no hazard"), "the verdict is said once"


@pytest.mark.parametrize("args", [(), ("--stress-threads", "2")])
def test_missing_module_is_told_once_a_session(pytester, args):
    source = "".join(f"def test_{n}(thread_runner): thread_runner.run(int, int)\n" for n in range(3))
    done = run(pytester, source, "--concurrency-include=not_there", *args)
    assert all("include: no module not_there was imported" in test["notes"] for test in done.tests.values())
    assert [line for line in done.result.outlines if "not_there" in line] == [
        "include: no module not_there was imported (3 tests)"
    ]


@NEEDS_MONITORING
@pytest.mark.parametrize(
    ("write", "look"),
    [
        ("items.append(1)", "str(items)"),
        ("items.append(1)", "bytes(items)"),
        ("add(1)", "len(items)"),
        ("items.append(1)", "f'{items}'"),
        ("items.append(1)", "items + []"),
        ("items.append(1)", "[].extend(items)"),
        ("vars(bag).update(a=1)", "bag.a"),
        ("bag.__dict__.update(a=1)", "bag.a"),
        ("setattr(bag, '__dict__', {'a': 1})", "bag.a"),
    ],
)
def test_one_interleaving_is_no_proof_where_two_workers_meet(pytester: pytest.Pytester, write: str, look: str) -> None:
    test = stressed(
        pytester,
        f"""
def test_it(thread_runner):
    class Bag:
        a = 0

    items, bag = [], Bag()
    add = items.append

    def write():
        {write}

    def look():
        {look}

    thread_runner.run(write, look)
""",
        "--concurrency-strategy=dpor",
    )
    assert test["outcome"] == "passed"
    assert not any("the only distinct interleaving" in note for note in test["notes"])
