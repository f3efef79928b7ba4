"""Which races are told: updates and loops over lists; what a value that was read orders is no race."""

from __future__ import annotations

from pytest_concurrency.detect.data_race import find_effects
from pytest_concurrency.trace.events import ITERATION, PLAIN, UPDATE, Action, Event, Touch
from pytest_concurrency.trace.outcome import Row

COUNTER = (1, "n")
FLAG = (2, "flag")
LIST = (3, "container")
LOCK = (9, "lock")


def _access(
    worker: str,
    action: Action,
    place: tuple[int, str],
    site: str,
    target: str = "C.n",
    sources: tuple[str, ...] = (),
    kind: str = PLAIN,
) -> Event:
    row = Row(worker, "module.py", 1, action.value, target, "", site, 0, place)
    return Event(action, worker, place, Touch(row, kind, sources))


def _update(worker: str) -> list[Event]:
    return [
        _access(worker, Action.READ, COUNTER, "load"),
        _access(worker, Action.WRITE, COUNTER, "store", sources=("load",)),
    ]


def _locked(worker: str, events: list[Event]) -> list[Event]:
    return [Event(Action.ACQUIRE, worker, LOCK), *events, Event(Action.RELEASE, worker, LOCK)]


def test_unordered_updates_are_told_once() -> None:
    (found,) = find_effects([*_update("0"), *_update("1")])
    assert found.code == "CH103"
    assert found.sites == ("load", "store", "store")
    assert {found.rows[0].worker, found.rows[1].worker} == {"0", "1"}


def test_locked_updates_are_not() -> None:
    assert list(find_effects(_locked("0", _update("0")) + _locked("1", _update("1")))) == []


def test_an_update_with_only_its_write_locked_is_left_to_the_schedules() -> None:
    read, write = _update("0")
    other_read, other_write = _update("1")
    events = [read, *_locked("0", [write]), other_read, *_locked("1", [other_write])]
    assert list(find_effects(events)) == [], "it may look whether the value is still the same"


def test_a_blind_write_beside_an_update_is_told() -> None:
    (found,) = find_effects([*_update("0"), _access("1", Action.WRITE, COUNTER, "reset")])
    assert found.sites == ("load", "reset", "store")


def test_blind_writes_and_reads_alone_are_not() -> None:
    events = [
        _access("0", Action.WRITE, FLAG, "stop"),
        _access("1", Action.READ, FLAG, "ask"),
        _access("1", Action.WRITE, FLAG, "again"),
    ]
    assert list(find_effects(events)) == []


def test_a_flag_that_was_read_orders() -> None:
    told = _access("0", Action.WRITE, FLAG, "done")
    asked = _access("1", Action.READ, FLAG, "wait")
    assert list(find_effects([*_update("0"), told, asked, *_update("1")])) == []
    assert list(find_effects([told, *_update("0"), asked, *_update("1")])) != [], "told before it was done"


def test_an_item_taken_from_a_container_orders() -> None:
    put = _access("0", Action.WRITE, LIST, "append", "list.append", kind=UPDATE)
    got = _access("1", Action.WRITE, LIST, "pop", "list.pop", kind=UPDATE)
    assert list(find_effects([*_update("0"), put, got, *_update("1")])) == []


def _loop(worker: str, steps: int) -> list[Event]:
    return [_access(worker, Action.READ, LIST, "for", "list", kind=ITERATION) for _ in range(steps)]


def test_a_loop_over_a_list_from_which_another_worker_removes_is_told() -> None:
    removed = _access("1", Action.WRITE, LIST, "remove", "list.remove", kind=UPDATE)
    (found,) = find_effects([*_loop("0", 3), removed])
    assert found.sites == ("for", "remove")


def test_a_loop_and_an_append_are_not() -> None:
    added = _access("1", Action.WRITE, LIST, "append", "list.append", kind=UPDATE)
    assert list(find_effects([*_loop("0", 3), added])) == []


def test_a_loop_of_one_step_is_not() -> None:
    removed = _access("1", Action.WRITE, LIST, "remove", "list.remove", kind=UPDATE)
    assert list(find_effects([*_loop("0", 1), removed])) == []
