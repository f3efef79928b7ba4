"""The interleaving and the graphs of a failure as data that travels: what every report but the terminal's draws."""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..detect.causes import conflict
from ..model import LockOrder, Step, Wait
from ..trace.locks import UNNAMED, the_lock
from .instances import told_apart

if TYPE_CHECKING:
    from ..trace.outcome import Blocked, Row

MOST_WAITS = 50
MOST_CONFLICTS = 12
Relative = Callable[[str], str]
"""Shortens a path for a report."""


def steps_of(rows: Sequence[Row], decides: Sequence[Row], relative: Relative) -> tuple[Step, ...]:
    """Return ``rows`` as they travel, each with its source line; those that are in ``decides`` are marked. Objects of
    one name are told apart."""
    return tuple(
        Step(
            row.worker, relative(row.path), row.line, row.action, shown.target, row.value,
            linecache.getline(row.path, row.line).strip() if row.line else "", row in decides,
        )
        for row, shown in zip(rows, told_apart(rows), strict=True)
    )  # fmt: skip


def conflicts_of(rows: Sequence[Row], stories: Sequence[Sequence[Row]]) -> tuple[tuple[int, int], ...]:
    """Return the pairs of positions in ``rows`` that are in conflict.

    Two accesses are where their workers differ, their location is the same and one of them writes. Each of ``stories``
    are rows that explain the failure, in order: a lost update's three, or a check, what came between, and the act.
    Where they are in ``rows``, only they are joined, else the last accesses, each with the one before it of another
    worker.
    """
    joined: list[tuple[int, int]] = []
    for story in stories:
        told = [_position(rows, row) for row in story]
        joined += [(a, b) for a, b in itertools.pairwise(told) if a is not None and b is not None and a < b]
    joined = [(a, b) for a, b in dict.fromkeys(joined) if _clash(rows[a], rows[b])]
    if joined:
        return tuple(joined[-MOST_CONFLICTS:])
    pairs: list[tuple[int, int]] = []
    seen: dict[Hashable, list[int]] = {}
    for position, row in enumerate(rows):
        place = _place(row)
        if place is None:
            continue
        earlier = seen.setdefault(place, [])
        other = next((p for p in reversed(earlier) if rows[p].worker != row.worker), None)
        if other is not None and "write" in (row.action, rows[other].action):
            pairs.append((other, position))
        earlier.append(position)
    return tuple(pairs[-MOST_CONFLICTS:])


def _position(rows: Sequence[Row], wanted: Row) -> int | None:
    """Return where ``wanted`` is among ``rows``: that very row, else the last one like it up to its step."""
    if wanted in rows:
        return rows.index(wanted)
    alike = [
        p
        for p, row in enumerate(rows)
        if (row.worker, row.site, row.action) == (wanted.worker, wanted.site, wanted.action)
    ]
    before = [position for position in alike if rows[position].step <= wanted.step]
    found = before or alike
    return found[-1] if found else None


def _clash(row: Row, other: Row) -> bool:
    """Say whether two rows of a story are in conflict; what is not known to be elsewhere is taken to be."""
    if row.worker == other.worker:
        return False
    return row.location is None or other.location is None or conflict(row, other)


def _place(row: Row) -> Hashable:
    if row.action not in ("read", "write"):
        return None
    return row.location if row.location is not None else row.target


def waits_of(blocked: Sequence[Blocked], relative: Relative) -> tuple[Wait, ...]:
    """Return who waits for what, and who holds it, where a run was stuck. Two locks of one name are told apart."""
    holders: dict[str, set[str]] = {}
    for row in blocked:
        if row.holder:
            holders.setdefault(row.waits_for, set()).add(row.holder)
    told = [row for row in blocked if row.line or row.holder][:MOST_WAITS]
    return tuple(
        Wait(
            row.worker,
            relative(row.path) if row.path else "",
            row.line,
            _what(row, len(holders.get(row.waits_for, ()))),
            row.holder,
            relative(row.holder_path) if row.holder_path else "",
            row.holder_line,
        )
        for row in told
    )


def _what(row: Blocked, alike: int) -> str:
    if row.operation and not row.holder:
        return row.operation
    return f"{row.waits_for} of worker {row.holder}" if alike > 1 else row.waits_for


def order_in_deadlock(waits: Sequence[Wait]) -> tuple[LockOrder, ...]:
    """Return the order in which the workers of a deadlock wanted their locks.

    A worker that holds a lock another one waits for, and itself waits for one that is held, gives an edge.
    """
    wanting = {wait.worker: wait for wait in waits if wait.holder}
    edges = [(wait, wanting[wait.holder]) for wait in waits if wait.holder in wanting]
    return tuple(
        LockOrder(held.holder, held.target, wanted.target, wanted.path, wanted.line)
        for held, wanted in edges
        if held.target != wanted.target
    )


def order_in_inversion(rows: Sequence[Row], relative: Relative) -> tuple[LockOrder, ...]:
    """Return the edges of a lock-order inversion, whose rows come in pairs: what was held, what was then taken."""
    return tuple(_edges(rows, relative))


def _edges(rows: Sequence[Row], relative: Relative) -> Iterator[LockOrder]:
    for held, taken in zip(rows[::2], rows[1::2], strict=False):
        yield LockOrder(held.worker, _lock(held), _lock(taken), relative(taken.path), taken.line)


def _lock(row: Any) -> str:
    if row.target.startswith(f"{UNNAMED} #"):
        return str(row.target)
    return the_lock("" if row.target == UNNAMED else row.target)
