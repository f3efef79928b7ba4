"""Conflicts between recorded rows, where a schedule can hold a worker, and the check-then-act finding."""

from __future__ import annotations

import pytest

from pytest_concurrency.detect.causes import (
    Cause,
    atomicity_violation,
    burst,
    conflict,
    conflict_by_name,
    held_after,
    other_check,
    partner,
    stops,
)
from pytest_concurrency.trace.outcome import Row

DICT = (1, "container")


def _row(worker: str, action: str, target: str, site: str = "s", step: int = 0, location: object = DICT) -> Row:
    return Row(worker, "m.py", 5, action, target, "", site, step, location)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (("0", "read", "dict['x']"), ("1", "write", "dict['x']"), True),
        (("0", "read", "dict['x']"), ("1", "write", "dict['y']"), False),
        (("0", "read", "dict"), ("1", "write", "dict['y']"), True),
        (("0", "read", "dict"), ("1", "read", "dict"), False),
        (("0", "write", "dict"), ("0", "write", "dict"), False),
        (("0", "is_set", "Event"), ("1", "set", "Event"), True),
        (("0", "is_set", "Event"), ("1", "read", "Event"), False),
    ],
)
def test_conflicts(a: tuple[str, str, str], b: tuple[str, str, str], expected: bool) -> None:
    assert conflict(_row(*a), _row(*b)) is expected
    elsewhere = Row(b[0], "m.py", 5, b[1], b[2], "", "s", 0, (2, "container"))
    assert not conflict(_row(*a), elsewhere)
    assert conflict_by_name(_row(*a), elsewhere) is expected


def test_stops_count_the_executions_of_each_site_and_know_the_locks_held() -> None:
    rows = [
        _row("0", "read", "C.n", "load"), _row("1", "read", "C.n", "load"), _row("0", "acquire", "lock", "with"),
        _row("0", "read", "C.n", "load"),
    ]  # fmt: skip
    rows += [_row("0", "release", "lock", "with"), _row("0", "wait for", "lock", "with"), _row("0", "call", "", "f")]
    assert [(stop.point.row.site, stop.point.occurrence, len(stop.held), stop.takes) for stop in stops(rows, "0")] == [
        ("load", 1, 0, False), ("with", 1, 0, True), ("load", 2, 1, False), ("f", 1, 0, False),
    ]  # fmt: skip
    assert held_after(rows[:4], "0") == {(DICT, 0)}
    assert held_after(rows, "0") == frozenset()


def test_a_check_of_the_worker_that_comes_in_between_is_one_where_it_acts_later() -> None:
    act, check = _row("0", "write", "dict['x']"), _row("1", "read", "dict")
    later = _row("1", "write", "dict['x']")
    assert other_check(act, [check], [check, act, later]) == Cause(check, act, later)
    assert other_check(act, [check, later], [check, later, act]) is None
    assert other_check(act, [later], [later, act, later]) is None
    assert other_check(_row("0", "read", "dict"), [check], [check, act, later]) is None


def test_a_burst_lasts_until_the_preempted_worker_goes_on() -> None:
    rows = [_row("0", "read", "d", step=1), _row("1", "read", "d", step=3), _row("0", "write", "d", step=3)]
    assert burst(rows, "0", 2) == (1, 2)


def test_a_write_is_the_partner_for_choice() -> None:
    check = _row("0", "write", "dict")
    read, write = _row("1", "read", "dict"), _row("1", "write", "dict")
    assert partner(check, [read, write]) is write
    assert partner(check, [read]) is read
    assert partner(check, []) is None


def test_a_check_then_act() -> None:
    cause = Cause(_row("0", "read", "dict"), _row("1", "write", "dict"), _row("0", "write", "dict"))
    assert cause.is_check_then_act
    failure = atomicity_violation(cause)
    assert failure.code == "CH102"
    assert failure.place == (("m.py", 5),) * 3
    torn = Cause(_row("0", "write", "dict"), _row("1", "read", "dict"), _row("0", "write", "dict"))
    assert not torn.is_check_then_act


def test_calls_are_a_check_then_act_where_both_workers_make_the_last() -> None:
    check = _row("0", "call", "", "exists", location=None)
    act, other = _row("0", "call", "", "mkdir", location=None), _row("1", "call", "", "mkdir", location=None)
    assert Cause(check, other, act).is_check_then_act
    assert not Cause(act, other, act).is_check_then_act


def test_a_call_before_others_wait_or_notify_is_no_check() -> None:
    call, enter = _row("0", "call", "", "f", location=None), _row("1", "__enter__", "Condition", "with")
    assert not Cause(call, enter, _row("0", "__enter__", "Condition", "with")).is_check_then_act
    assert not Cause(call, _row("1", "notify", "Condition"), _row("0", "call", "", "g")).is_check_then_act
    assert Cause(call, _row("1", "write", "dict"), _row("0", "write", "dict")).is_check_then_act
