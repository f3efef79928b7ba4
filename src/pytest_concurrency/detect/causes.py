"""Naming the cause of a failure: the accesses whose order decides between pass and fail (CH102).

Pure functions of recorded rows. Which orders decide is found out by running again, see :mod:`..explore.causes`.

Source: the unserialisable access pairs of Lu, Tucek, Qin, Zhou, "AVIO: Detecting Atomicity Violations via Access
Interleaving Invariants", ASPLOS 2006; a decisive order by counterfactual runs as in Zeller, "Isolating Cause-Effect
Chains from Computer Programs", FSE 2002.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..trace.outcome import DELETED, Row
from ..trace.target import parts_of
from .called import called, is_method
from .failures import Failure
from .suspicion import at

CALL, RETURN = "call", "return"
STEPS = frozenset({CALL, RETURN})
"""What is seen to be done and not what it does: calls, and handing a value back to code that keeps it."""
ACQUIRE, RELEASE, ALREADY_HELD = "acquire", "release", "already held"
QUESTIONS = frozenset({"is_set", "is_alive", "qsize", "empty", "full", "done", "running", "cancelled"})
"""Calls of the standard library's primitives that only ask."""


@dataclass(frozen=True, slots=True)
class Point:
    """A worker's act that a schedule can hold it before: the ``occurrence``-th at the site of ``row``."""

    row: Row
    occurrence: int


@dataclass(frozen=True, slots=True)
class Cause:
    """``check`` and ``act`` of one worker, and ``between`` of another one, whose order decides."""

    check: Row
    between: Row
    act: Row

    @property
    def rows(self) -> tuple[Row, Row, Row]:
        return self.check, self.between, self.act

    @property
    def is_check_then_act(self) -> bool:
        """Say whether the worker looked, another one changed what it had seen, and it then acted."""
        if self.check.action == CALL and self.act.action == CALL:
            return self.between.site == self.act.site != self.check.site
        if self.check.action == CALL and not {self.between.action, self.act.action} <= {"read", "write"}:
            return False  # who comes first to a lock or a condition: nothing was seen that is no longer true
        return is_question(self.check) and not is_question(self.between)


def is_question(row: Row) -> bool:
    """Say whether ``row`` looks at something without changing it; what a call does is taken from its place."""
    return row.action == "read" or row.action == CALL or row.action in QUESTIONS


@dataclass(frozen=True, slots=True)
class Stop:
    """A place where a schedule can hold a worker: before the act or, where it ``takes`` a lock, the acquire of
    ``point``, with the locks ``held``, each with the step at which it was taken."""

    point: Point
    held: frozenset[Any]
    takes: bool = False


def stops(rows: Sequence[Row], worker: str) -> list[Stop]:
    """Return where a schedule can hold ``worker`` in ``rows``."""
    counts: dict[str, int] = {}
    held: frozenset[Any] = frozenset()
    found = []
    for row in rows:
        if row.worker != worker:
            continue
        takes = row.action == ACQUIRE and row.value != ALREADY_HELD
        if row.site and (takes or _is_announced_once(row)):
            counts[row.site] = counts.get(row.site, 0) + 1
            found.append(Stop(Point(row, counts[row.site]), held, takes))
        held = _held(row, held)
    return found


def held_after(rows: Sequence[Row], worker: str) -> frozenset[Any]:
    """Return the locks that ``worker`` holds after ``rows``, each with the step at which it was taken."""
    held: frozenset[Any] = frozenset()
    for row in rows:
        if row.worker == worker:
            held = _held(row, held)
    return held


def _held(row: Row, held: frozenset[Any]) -> frozenset[Any]:
    if row.action == ACQUIRE and row.value != ALREADY_HELD:
        return held if any(row.location == lock for lock, _ in held) else held | {(row.location, row.step)}
    return frozenset(each for each in held if each[0] != row.location) if row.action == RELEASE else held


def _is_announced_once(row: Row) -> bool:
    """Say whether there is exactly one row for each announcement at the site of ``row``: so it is but for locks."""
    return row.action not in (ACQUIRE, RELEASE, "wait for")


def burst(rows: Sequence[Row], worker: str, step: int) -> tuple[int, int]:
    """Return the indexes from where ``worker`` was preempted at ``step`` to where it went on."""
    begin = next((i for i, row in enumerate(rows) if row.step >= step and row.worker != worker), len(rows))
    end = next((i for i in range(begin, len(rows)) if rows[i].worker == worker), len(rows))
    return begin, end


def conflict(a: Row, b: Row) -> bool:
    """Say whether the order of two rows of different workers can matter: one location, and not two reads."""
    return a.location is not None and a.location == b.location and _may_matter(a, b)


def conflict_by_name(a: Row, b: Row) -> bool:
    """Say the same of rows of two runs, in which one thing has two addresses: by what it is called."""
    if not (isinstance(a.location, tuple) and isinstance(b.location, tuple)):
        return False
    alike = parts_of(a.target).base == parts_of(b.target).base
    return alike and a.location[1:] == b.location[1:] and _may_matter(a, b)


def _may_matter(a: Row, b: Row) -> bool:
    return a.worker != b.worker and not (is_question(a) and is_question(b)) and same_part(a, b)


def same_part(a: Row, b: Row) -> bool:
    """Say whether two rows of one location may be about the same part of it: not about different items."""
    return a.target == b.target or not (parts_of(a.target).has_item and parts_of(b.target).has_item)


def partner(row: Row, others: Sequence[Row]) -> Row | None:
    """Return the row among ``others`` that interferes with ``row``: a write for choice."""
    found = [other for other in others if conflict(row, other)]
    return next((other for other in found if not is_question(other)), found[0] if found else None)


def between_both(check: Row, act: Row, others: Sequence[Row]) -> Row | None:
    """Return the row among ``others`` that made untrue what ``check`` saw: the last that changed what ``act`` is about,
    too; else one that interferes with ``check``."""
    found = [row for row in others if not is_question(row) and conflict(check, row) and conflict(act, row)]
    return found[-1] if found else partner(check, others)


def other_check(act: Row, between: Sequence[Row], rows: Sequence[Row]) -> Cause | None:
    """Return the check of the worker that came in ``between``, before ``act`` of the one that it came in on, where it
    acts on it later in ``rows``: then it is the other one that was wrong in the end."""
    check = next((row for row in reversed(between) if row.action == "read" and conflict(row, act)), None)
    if check is None or is_question(act):
        return None
    at = next((i for i, row in enumerate(rows) if row is act), len(rows))
    later = (row for row in rows[at:] if row.worker == check.worker and conflict(row, act) and not is_question(row))
    then = next(later, None)
    return None if then is None else Cause(check, act, then)


def call_partner(act: Row, others: Sequence[Row]) -> Row | None:
    """Return the same call made by another worker, for what the access model does not see (files, say)."""
    return next((other for other in others if other.action == CALL and other.site == act.site), None)


def atomicity_violation(cause: Cause) -> Failure:
    """Return the finding for a check that was no longer true when it was acted upon."""
    check, between, act = cause.rows
    message = (
        f"worker {check.worker} looked at {_what(check)} {at(check, *cause.rows)}, worker {between.worker} "
        f"{_did(between)} {at(between, *cause.rows)}, then worker {act.worker} acted on what it had seen "
        f"{at(act, *cause.rows)}"
    )
    place = tuple((row.path, row.line) for row in cause.rows)
    return Failure("CH102", place, message, cause)


def _what(row: Row) -> str:
    if row.action == CALL or not row.target:
        return "the state behind a call"
    name = called(row)
    return f"{name} (-> {row.value})" if row.action == "read" and row.value else name


def _did(row: Row) -> str:
    """Say what ``row`` did to something."""
    if row.action in (CALL, "read", "write") or not row.target:
        method = row.action == "write" and is_method(row)
        deleted = row.action == "write" and row.value == DELETED
        return f"{'called' if method else 'deleted' if deleted else 'changed'} {_what(row)}"
    done = {ACQUIRE: "acquired", RELEASE: "released", "wait for": "waited for"}.get(row.action)
    return f"{done} {row.target}" if done else f"called {row.target}.{row.action}"
