"""Opposite lock orders as suspicions: rows in order, and silence where something orders the workers."""

from __future__ import annotations

from pytest_concurrency.detect.inversion import find_opposite_orders
from pytest_concurrency.trace.events import Action, Event, Touch
from pytest_concurrency.trace.outcome import Row


def _lock(worker: str, name: str, line: int, action: Action = Action.ACQUIRE) -> Event:
    place = (name, "lock")
    return Event(action, worker, place, Row(worker, "m.py", line, action.value, name, "", f"{line}", 0, place))


def _nested(worker: str, outer: str, inner: str, line: int) -> list[Event]:
    return [
        _lock(worker, outer, line),
        _lock(worker, inner, line + 1),
        _lock(worker, inner, line + 1, Action.RELEASE),
        _lock(worker, outer, line, Action.RELEASE),
    ]


def _flag(worker: str, action: Action) -> Event:
    place = ("flag", "value")
    return Event(action, worker, place, Touch(Row(worker, "m.py", 9, action.value, "flag", "", "flag", 0, place)))


def test_both_lines_of_both_workers_are_told() -> None:
    (found,) = find_opposite_orders([*_nested("0", "a", "b", 10), *_nested("1", "b", "a", 20)])
    assert found.code == "CH105"
    assert [(row.worker, row.target, row.line) for row in found.rows] == [
        ("0", "a", 10), ("0", "b", 11), ("1", "b", 20), ("1", "a", 21),
    ]  # fmt: skip
    assert "worker 0 takes a at m.py:10 and then b at m.py:11" in found.message


def test_one_order_is_silent() -> None:
    assert list(find_opposite_orders([*_nested("0", "a", "b", 10), *_nested("1", "a", "b", 20)])) == []


def test_a_value_handed_over_in_between_orders() -> None:
    told, asked = _flag("0", Action.WRITE), _flag("1", Action.READ)
    first, second = _nested("0", "a", "b", 10), _nested("1", "b", "a", 20)
    assert list(find_opposite_orders([*first, told, asked, *second])) == []
    assert list(find_opposite_orders([told, *first, asked, *second])) != [], "told before the locks were taken"
