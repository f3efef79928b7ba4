"""What other reports draw of a failure, and what identifies it from run to run."""

from __future__ import annotations

import re
from dataclasses import replace

from pytest_concurrency.model import Finding, Location, LockOrder
from pytest_concurrency.report.fingerprint import fingerprint, function_at
from pytest_concurrency.report.steps import conflicts_of, order_in_deadlock, order_in_inversion, waits_of
from pytest_concurrency.trace.outcome import Blocked, Row
from pytester_runs import run


def row(worker, action, target="n", value="", location=1, site=""):
    return Row(worker, "/r/a.py", 1, action, target, value, site, 0, location)


def test_conflicts_are_accesses_of_one_location_by_two_workers_one_of_which_writes():
    rows = [row("0", "read"), row("1", "read"), row("1", "write"), row("0", "acquire"), row("0", "write"),
            row("1", "write", "m", location=2)]  # fmt: skip
    assert conflicts_of(rows, ()) == ((0, 2), (2, 4))


def test_the_rows_that_tell_the_story_are_joined_where_they_are_shown():
    rows = [row("0", "read", site="a"), row("1", "write", site="b"), row("1", "write", site="c"),
            row("0", "write", site="d")]  # fmt: skip
    assert conflicts_of(rows, [(rows[0], rows[2], rows[3])]) == ((0, 2), (2, 3))
    assert conflicts_of(rows, [(rows[0], rows[1]), (rows[2], rows[3])]) == ((0, 1), (2, 3)), "no line between stories"
    assert conflicts_of(rows, [(row("5", "write", site="z"),)]) == ((0, 1), (0, 2), (2, 3))


def test_rows_of_a_story_that_use_different_things_are_not_joined():
    rows = [row("0", "read", site="a"), row("1", "write", site="b"), row("0", "write", "m", location=2, site="c")]
    assert conflicts_of(rows, [rows]) == ((0, 1),)


def test_of_rows_that_are_alike_the_one_of_the_story_is_joined():
    rows = [replace(row(worker, "write", site="s"), step=step) for step, worker in enumerate("0101")]
    assert conflicts_of(rows, [(rows[1], rows[2])]) == ((1, 2),)
    other = [replace(rows[1], value="shown differently"), replace(rows[2], value="too")]
    assert conflicts_of(rows, [other]) == ((1, 2),)


def blocked(worker, name, holder, operation="wait"):
    return Blocked(worker, "/r/a.py", 4, operation, f"the lock {name}", holder, 3, "/r/a.py", False, False)


def relative(path):
    return path.removeprefix("/r/")


def test_two_locks_of_one_name_are_told_apart():
    waits = waits_of([blocked("0", "lock", "1"), blocked("1", "lock", "0")], relative)
    assert [(w.worker, w.target, w.holder, w.holder_path) for w in waits] == [
        ("0", "the lock lock of worker 1", "1", "a.py"), ("1", "the lock lock of worker 0", "0", "a.py")
    ]  # fmt: skip
    assert order_in_deadlock(waits) == (
        LockOrder("1", "the lock lock of worker 1", "the lock lock of worker 0", "a.py", 4),
        LockOrder("0", "the lock lock of worker 0", "the lock lock of worker 1", "a.py", 4),
    )


def test_a_wait_that_nobody_holds_gives_no_order():
    waits = waits_of([blocked("0", "q", "", "Queue.get"), blocked("1", "b", "0")], relative)
    assert [w.target for w in waits] == ["Queue.get", "the lock b"]
    assert order_in_deadlock(waits) == ()


def test_order_of_an_inversion():
    rows = [row("0", "acquire", "a"), row("0", "acquire", "b"), row("1", "acquire", "b"), row("1", "acquire", "a")]
    assert [(e.worker, e.held, e.wanted) for e in order_in_inversion(rows, relative)] == [
        ("0", "the lock a", "the lock b"), ("1", "the lock b", "the lock a")
    ]  # fmt: skip


CODE = """class A:
    def f(self):
        x = 1

        def inner():
            return x
        return inner
def g(): pass
"""


def finding(line, **changes):
    places = (Location("a.py", line, "0", "read", "A.x", "1"), Location("a.py", line, "1", "write", "A.x", "2"))
    return replace(Finding("CH101", "lost", locations=places), **changes)


def test_the_fingerprint_survives_moved_lines_and_other_values(tmp_path):
    (tmp_path / "a.py").write_text(CODE)
    before = fingerprint(finding(3), "t.py::test", tmp_path)
    assert fingerprint(finding(5), "t.py::test", tmp_path) != before, "in another function"
    assert fingerprint(finding(3), "t.py::other", tmp_path) != before
    assert fingerprint(replace(finding(3), code="CH103"), "t.py::test", tmp_path) != before
    assert fingerprint(finding(3), "t.py::test@group", tmp_path) == before
    (tmp_path / "a.py").write_text("# moved\n\n\n" + CODE)
    assert fingerprint(finding(6), "t.py::test", tmp_path) == before
    swapped = tuple(replace(p, worker="7", value="9") for p in reversed(finding(6).locations))
    assert fingerprint(finding(6, locations=swapped), "t.py::test", tmp_path) == before


def test_an_exception_is_identified_by_its_place_and_a_deadlock_by_its_waits(tmp_path):
    raised = Location("a.py", 3, "", "raise", "AssertionError")
    one = Finding("CH110", "m", locations=(raised, Location("a.py", 1, "0", "read", "x")))
    assert fingerprint(one, "t", tmp_path) == fingerprint(replace(one, locations=(raised,)), "t", tmp_path)
    waits = tuple(Location("a.py", n, str(n), "wait", "Lock.acquire") for n in (3, 6))
    stuck = Finding("CH104", "m", locations=waits)
    more = replace(stuck, locations=(*waits, Location("a.py", 1, "0", "acquire", "x")))
    assert fingerprint(stuck, "t", tmp_path) == fingerprint(more, "t", tmp_path)


def test_a_block_is_identified_by_its_function_whatever_the_call_is_named(tmp_path):
    (tmp_path / "a.py").write_text(CODE)
    found = [
        Finding("CH302", "m", locations=(Location("a.py", 3, "0", "blocked", "libc.usleep()"),)),
        Finding("CH302", "m", locations=(Location("a.py", 3, "0", "blocked", "ctypes.usleep()"),
                                         Location("a.py", 8, "0", "bound", "ctypes.usleep()"))),
    ]  # fmt: skip
    assert len({fingerprint(one, "t", tmp_path) for one in found}) == 1


def test_the_function_around_a_line(tmp_path):
    file = tmp_path / "a.py"
    file.write_text(CODE)
    assert [function_at(file, line) for line in (1, 3, 6, 7, 8, 99)] == ["A", "A.f", "A.f.inner", "A.f", "g", ""]
    file.write_text("not python (")
    assert function_at(file, 1) == ""
    assert function_at(tmp_path / "missing.py", 1) == ""


def test_threads_that_run_functions_of_c_and_what_pytest_writes_into_an_assert(pytester):
    source = """
    import threading
    import pytest
    @pytest.mark.stress_threads(workers=0)
    def test_order():
        ended = []
        threads = [threading.Thread(target=ended.append, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert ended == ["a", "b", "c"]
        assert "d" in {"e": ended, "d": ended}
    """
    done = run(pytester, source)
    assert done.codes("test_order") == ["CH110"]
    (hazard,) = done.tests["test_order"]["hazards"]
    told = [(step["action"], step["target"], step["value"], step["source"]) for step in hazard["steps"]]
    called = [f"'{name}'" for name in re.findall(r"'(\w)'", hazard["message"].partition(" == ")[0])]
    assert told == [("run", "list.append", name, "thread.start()") for name in called], "in the order of the calls"
    assert "dict" not in {step["target"] for step in hazard["steps"]}, "@py_builtins.locals()"
