"""Conflicts between recorded rows, where a schedule can hold a worker, and the check-then-act finding."""

from __future__ import annotations

import pytest

from pytest_concurrency.detect.causes import (
    Cause,
    atomicity_violation,
    burst,
    conflict,
    conflict_by_name,
    partner,
    points,
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


def test_points_count_the_executions_of_each_site_and_leave_locks_out() -> None:
    rows = [
        _row("0", "read", "C.n", "load"), _row("1", "read", "C.n", "load"), _row("0", "acquire", "lock", "with"),
        _row("0", "read", "C.n", "load"),
    ]  # fmt: skip
    assert [(index, point.occurrence) for index, point in points(rows, "0")] == [(0, 1), (3, 2)]


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
