"""The baseline: known hazards do not fail, new ones do, stale entries are named, a damaged file is one sentence."""

from __future__ import annotations

import json
import re

import pytest

from pytest_concurrency.detect.failures import Failure
from pytest_concurrency.model import Finding, Location
from pytest_concurrency.report.baseline import Baseline, Entry, seen_and_gone, told
from pytest_concurrency.report.explain import key_finding
from pytest_concurrency.report.fingerprint import fingerprint
from pytest_concurrency.trace.outcome import LostUpdate, Row
from pytest_concurrency.watch.lost_update import find_lost
from pytester_runs import run

BUGGY = """
import threading
import pytest
class Total: n = 0
@pytest.mark.stress_threads
def test_lost():
    Total.n += 1
def test_asserts(thread_runner):
    Total.n = 0
    def add():
        Total.n += 1
    thread_runner.run(add, add)
    assert Total.n == 2
def test_deadlock(thread_runner):
    a, b = threading.Lock(), threading.Lock()
    def one():
        with a:
            with b: pass
    def two():
        with b:
            with a: pass
    thread_runner.run(one, two)
def test_plain(): pass
"""
FEW = "--concurrency-schedules=20"
SHORT = "--concurrency-max-seconds=3"
BASELINE = "--concurrency-baseline=base.json"
UPDATE = "--concurrency-update-baseline"


def written(pytester):
    return json.loads((pytester.path / "base.json").read_text())["hazards"]


def test_wasted_threads_are_one_hazard_whatever_was_measured(tmp_path):
    where = (Location("a.py", 3, "", "compute", "work"), Location("b.py", 9, "", "compute", "inner"))
    figures = ("threads are 1.0 times as fast; 2 processes 1.9x", "threads are 1.1 times as fast")
    found = [Finding("CH201", text, locations=(place,)) for text, place in zip(figures, where, strict=True)]
    assert len({fingerprint(each, "test_a.py::test_b", tmp_path) for each in found}) == 1


def test_the_life_of_a_baseline(pytester):
    done = run(pytester, BUGGY, BASELINE, UPDATE, FEW)
    assert set(done.outcomes.values()) == {"PASSED"}, done.text
    assert re.search(r"baseline base.json written: \d added, 0 removed", done.text)
    first = [(row["code"], row["test"].partition("::")[2]) for row in written(pytester)]
    assert {("CH101", "test_asserts"), ("CH104", "test_deadlock"), ("CH101", "test_lost")} <= set(first)
    assert {code for code, _ in first} <= {"CH101", "CH104", "CH110"}
    assert [path.name for path in pytester.path.glob(".base*")] == [], "written atomically, nothing left"

    moved = "# a comment above\n\n" + BUGGY
    done = run(pytester, moved, BASELINE, FEW)
    assert set(done.outcomes.values()) == {"PASSED"}, "the same hazards on other lines"
    assert f"{len(first)} known hazards of base.json did not count" in done.text
    assert ": no new hazard" in done.text
    hazards = [hazard for test in done.tests.values() for hazard in test["hazards"]]
    assert [hazard["known"] for hazard in hazards] == [True] * len(first)
    assert not any(test["exhaustive"] for test in done.tests.values()), "no proof where something is known to be wrong"

    new = BUGGY.replace(
        "        Total.n += 1\n    thread", "        Total.n += 1\n        Total.m = Total.m + 1\n    thread"
    )
    new = new.replace("class Total: n = 0", "class Total: n = m = 0")
    done = run(pytester, new, BASELINE, FEW)
    assert done.outcomes["test_asserts"] == "FAILED", "exploring goes on past what is known"
    assert done.outcomes["test_lost"] == done.outcomes["test_deadlock"] == "PASSED"
    found = {(hazard["locations"][0]["target"], hazard["known"]) for hazard in done.tests["test_asserts"]["hazards"]}
    assert ("Total.m", False) in found
    assert ("Total.n", False) not in found

    mended = BUGGY.replace("with b:\n            with a: pass", "with a:\n            with b: pass")
    done = run(pytester, mended, BASELINE, FEW)
    assert "baseline base.json: no longer found: CH104 test_it.py::test_deadlock: No worker can ever go on" in done.text
    assert len(written(pytester)) == len(first), "not touched"
    done = run(pytester, mended, BASELINE, UPDATE, FEW, "-k", "deadlock")
    assert "0 added, 1 removed" in done.text
    assert f"{len(first) - 1} of {len(first)} entries are of tests that were not run" in done.text
    assert [row for row in first if row[0] != "CH104"] == [
        (row["code"], row["test"].partition("::")[2]) for row in written(pytester)
    ]


def test_what_fails_by_itself_still_fails(pytester):
    source = BUGGY.replace("    Total.n += 1\n", "    Total.n += 1\n    assert 0\n", 1)
    done = run(pytester, source, BASELINE, UPDATE, FEW, "-k", "lost")
    assert done.outcomes == {"test_lost": "FAILED"}
    assert written(pytester) == []


PROCESSES = """
import multiprocessing
import pytest
@pytest.mark.stress_processes(workers=0, repeats=1)
def test_join():
    with multiprocessing.get_context("fork").Pool(1) as pool:
        pool.join()
"""


def test_a_process_that_ends_with_a_known_hazard(pytester):
    first = run(pytester, PROCESSES)
    assert first.outcomes == {"test_join": "FAILED"}
    assert first.codes("test_join") == ["CH406"]
    assert run(pytester, PROCESSES, BASELINE, UPDATE).outcomes == {"test_join": "PASSED"}
    done = run(pytester, PROCESSES, BASELINE)
    assert done.outcomes == {"test_join": "PASSED"}
    assert "ended in repeat 1 by CH406, which the baseline knows" in done.text


COUNTERS = """
import multiprocessing
import pytest
def add(path):
    path.write_text(str(int(path.read_text()) + 1))
@pytest.fixture
def path(tmp_path):
    path = tmp_path / "n"
    path.write_text("0")
    return path
@pytest.mark.stress_processes
def test_lost(path):
    add(path)
def test_asserts(process_runner, path):
    lock = multiprocessing.get_context("fork").Lock()
    def locked():
        number = int(path.read_text())
        with lock:
            path.write_text(str(number + 1))
    process_runner.run(locked, locked)
    assert path.read_text() == "2"
def test_waits(process_runner):
    context = multiprocessing.get_context("fork")
    a, b = context.Lock(), context.Lock()
    def one():
        with a:
            with b: pass
    def two():
        with b:
            with a: pass
    process_runner.run(one, two)
"""


def test_known_hazards_of_explored_processes(pytester):
    tests = ("test_lost", "test_asserts", "test_waits")
    done = run(pytester, COUNTERS, BASELINE, UPDATE, FEW, SHORT)
    assert done.outcomes == dict.fromkeys(tests, "PASSED"), done.text
    assert {row["test"].partition("::")[2] for row in written(pytester)} == set(tests)
    done = run(pytester, COUNTERS, BASELINE, FEW, SHORT)
    assert done.outcomes == dict.fromkeys(tests, "PASSED"), done.text
    assert "test_waits: not run in real time: CH104, which the baseline knows, may strike there" in done.text
    assert all(hazard["known"] for test in tests for hazard in done.tests[test]["hazards"])
    new = COUNTERS.replace("    add(path)\n", "    add(path)\n    add(path.with_name('m'))\n", 1).replace(
        "    return path\n", "    (tmp_path / 'm').write_text('0')\n    return path\n"
    )
    done = run(pytester, new, BASELINE, FEW, SHORT, "-k", "lost")
    assert done.outcomes == {"test_lost": "FAILED"}, done.text
    assert [hazard["code"] for hazard in done.tests["test_lost"]["hazards"] if not hazard["known"]] == ["CH101"]


def test_sarif_shows_what_is_known_as_suppressed(pytester):
    run(pytester, BUGGY, BASELINE, UPDATE, FEW, "-k", "lost")
    run(pytester, None, BASELINE, FEW, "--concurrency-report=sarif:r.sarif", "--concurrency-report=github:g.txt")
    results = json.loads((pytester.path / "r.sarif").read_text())["runs"][0]["results"]
    states = {result["properties"]["test"].partition("::")[2]: result["baselineState"] for result in results}
    assert states == {"test_lost": "unchanged", "test_asserts": "new", "test_deadlock": "new"}
    assert [bool(result.get("suppressions")) for result in results] == [True, False, False]
    assert (pytester.path / "g.txt").read_text().count("::error") == 2


@pytest.mark.parametrize(
    "content, arguments, said",
    [
        (
            None,
            [BASELINE],
            "--concurrency-baseline: there is no file base.json; --concurrency-update-baseline writes it.",
        ),
        (
            "{",
            [BASELINE],
            "--concurrency-baseline: base.json is no baseline, or damaged; --concurrency-update-baseline writes",
        ),
        (
            "[]",
            [BASELINE, UPDATE],
            "--concurrency-baseline: base.json is no baseline, or damaged; --concurrency-update-baseline writes",
        ),
        ('{"version": 1, "hazards": [{"code": 3}]}', [BASELINE], "base.json is no baseline, or damaged"),
        ('{"version": 7, "hazards": []}', [BASELINE], "base.json has format 7, this release reads format 1."),
        (None, ["--concurrency-baseline=."], "--concurrency-baseline: cannot read .: Is a directory."),
        (None, [UPDATE], "--concurrency-update-baseline: say which file, with --concurrency-baseline=FILE."),
        (None, ["--concurrency-baseline="], "--concurrency-baseline: '' is not the name of a file."),
    ],
)
def test_bad_input(pytester, content, arguments, said):
    if content is not None:
        (pytester.path / "base.json").write_text(content)
    pytester.makepyfile("def test_a(): open('ran', 'w')")
    result = pytester.runpytest_inprocess(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert said in result.stderr.str()
    assert not (pytester.path / "ran").exists()


def test_an_entry_is_stale_only_where_its_test_passed(tmp_path):
    entries = {e.fingerprint: e for e in (Entry("1", "CH101", "t::a", "x"), Entry("2", "CH101", "t::b"),
                                          Entry("3", "CH101", "t::c"))}  # fmt: skip
    baseline = Baseline(tmp_path / "b.json", entries)
    results = [{"nodeid": "t::a", "outcome": "passed", "hazards": []},
               {"nodeid": "t::b", "outcome": "failed", "hazards": []}]  # fmt: skip
    assert seen_and_gone(baseline, results) == ({}, [entries["1"]])
    assert told(baseline, results) == [
        "baseline b.json: no longer found: CH101 t::a: x",
        "baseline b.json: 1 of 3 entries are of tests that were not run",
    ]


def test_a_greenlet_that_blocks_and_is_known(pytester):
    pytest.importorskip("gevent")
    source = """
    import pytest
    @pytest.mark.stress_greenlets(workers=0, repeats=2)
    def test_block():
        import gevent, ctypes
        libc = ctypes.CDLL(None)
        def block():
            libc.usleep(80000)
        gevent.joinall([gevent.spawn(gevent.sleep, 0.02), gevent.spawn(block)])
    @pytest.mark.stress_greenlets(workers=0, repeats=1)
    def test_stuck():
        import gevent.event
        gevent.event.Event().wait()
    """
    assert set(run(pytester, source, BASELINE, UPDATE).outcomes.values()) == {"PASSED"}
    done = run(pytester, None, BASELINE)
    assert done.outcomes == {"test_block": "PASSED", "test_stuck": "PASSED"}
    assert (done.codes("test_block"), done.codes("test_stuck")) == (["CH302"], ["CH104"])
    assert run(pytester, None).outcomes == {"test_block": "FAILED", "test_stuck": "FAILED"}


def test_a_known_order_of_greenlets(pytester):
    pytest.importorskip("gevent")
    source = """
    import gevent
    def test_order(greenlet_runner):
        seen = []
        def add(name):
            gevent.sleep(0)
            seen.append(name)
        greenlet_runner.run(lambda: add(1), lambda: add(2))
        assert seen == [1, 2]
    """
    assert run(pytester, source, BASELINE, UPDATE).outcomes == {"test_order": "PASSED"}
    assert [row["code"] for row in written(pytester)] == ["CH110"]
    assert run(pytester, None, BASELINE).outcomes == {"test_order": "PASSED"}
    done = run(pytester, source.replace("assert seen", "assert seen != [2, 1]; assert seen"), BASELINE)
    assert done.outcomes == {"test_order": "PASSED"}, "the same place and type"
    done = run(pytester, source.replace("assert seen == [1, 2]", "seen == [1, 2] or seen.missing"), BASELINE)
    assert done.outcomes == {"test_order": "FAILED"}


ORDERS = """
def first_is_not_b(log): assert log[0] != "b"
def last_is_not_a(log): assert log[-1] != "a"
CHECKS = []
def test_order(greenlet_runner):
    log = []
    greenlet_runner.run(lambda: log.append("a"), lambda: log.append("b"), lambda: log.append("c"))
    for check in CHECKS:
        check(log)
"""


def test_exploring_goes_on_past_a_known_order_of_greenlets(pytester):
    pytest.importorskip("gevent")
    known = ORDERS.replace("CHECKS = []", "CHECKS = [first_is_not_b]")
    done = run(pytester, known, BASELINE, UPDATE, FEW, "-k", "order")
    assert [row["code"] for row in written(pytester)] == ["CH110"], done.text
    done = run(pytester, None, BASELINE, FEW, "-k", "order")
    assert done.outcomes == {"test_order": "PASSED"}, done.text
    assert done.tests["test_order"]["schedules"] >= 6
    assert [hazard["known"] for hazard in done.tests["test_order"]["hazards"]] == [True]
    both = ORDERS.replace("CHECKS = []", "CHECKS = [first_is_not_b, last_is_not_a]")
    done = run(pytester, both, BASELINE, FEW, "-k", "order")
    assert done.outcomes == {"test_order": "FAILED"}, done.text
    codes = [hazard["code"] for hazard in done.tests["test_order"]["hazards"] if not hazard["known"]]
    assert "CH110" in codes and "test_it.py:2: " in done.text


ADDS = """\
def add(counter, items, where):
    counter.value += 1
    items[where] = items[where] + 1
"""


@pytest.mark.parametrize("line, source, target", [(2, "counter.value", "Value.value"), (3, "items[where]", "Array[0]")])
@pytest.mark.parametrize("other_seen", [True, False])
def test_a_lost_update_is_the_same_in_real_time_and_in_a_schedule(tmp_path, line, source, target, other_seen):
    path = tmp_path / "adds.py"
    path.write_text(ADDS)
    rows = [
        {"pid": 1, "worker": "0", "path": "adds.py", "line": line, "name": source, "read": "0", "there": "1",
         "written": "1", "lost": True},
        {"pid": 2 if other_seen else 1, "worker": "1", "path": "adds.py", "line": line, "name": source, "read": "0",
         "there": "0", "written": "1", "lost": False},
    ]  # fmt: skip
    (tmp_path / "1.updates").write_text("\n".join(json.dumps(row) for row in rows))
    (real,) = find_lost([tmp_path / "1.updates"])
    assert len(real.locations) == (3 if other_seen else 2)
    read, other, write = (
        Row(worker, str(path), line, action, target, "1", "site", 1, None, True)
        for worker, action in (("0", "read"), ("1", "write"), ("0", "write"))
    )
    lost = LostUpdate(target, "0", "1", read, other, write, 1)
    scheduled = key_finding(Failure("CH101", lost.place, "", lost), "test_it.py::test_it", tmp_path)
    assert fingerprint(real, "test_it.py::test_it", tmp_path) == scheduled.fingerprint
    elsewhere = fingerprint(real, "test_it.py::test_other", tmp_path)
    assert elsewhere != scheduled.fingerprint
