"""Outcome tables: which results a test gave over all its schedules, how often, and in how many kinds of interleavings.

The idea is jcstress's (https://openjdk.org/projects/code-tools/jcstress/): the test says what it saw, and which of
that is acceptable or forbidden; the table says what there is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..runtime.journal import Entry

ACCEPTABLE, FORBIDDEN, UNSPECIFIED = "acceptable", "forbidden", "unspecified"
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_LIMIT = 200


class ForbiddenOutcome(AssertionError):
    """A test saw a result that it says must not be."""

    __module__ = "builtins"  # so that pytest's short summary has room for what it says


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """One row of the table: ``interleavings`` counts classes of equivalent ones, ``schedule`` is the first."""

    value: str
    times: int
    interleavings: int
    verdict: str
    schedule: int

    def to_json(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "times": self.times,
            "interleavings": self.interleavings,
            "verdict": self.verdict,
            "schedule": self.schedule,
        }


def described(value: object) -> str:
    """Return the text under which ``value`` is counted: its repr, without addresses."""
    text = _ADDRESS.sub("", repr(value))
    return text if len(text) <= _LIMIT else text[: _LIMIT - 3] + "..."


def judged(value: object, acceptable: Collection[object] | None, forbidden: Collection[object]) -> str:
    """Return what the test says of ``value``: with ``acceptable`` all others are forbidden, without it no others than
    those in ``forbidden``; with neither nothing is said."""
    if acceptable is None and not forbidden:
        return UNSPECIFIED
    return FORBIDDEN if value in forbidden or (acceptable is not None and value not in acceptable) else ACCEPTABLE


def interleaving(entries: Iterable[Entry]) -> int:
    """Return a number that is the same for runs in which every pair of conflicting operations has the same order.

    An operation is named by its worker, site and occurrence; a location by the first of the names it was used under.
    """
    by_location: dict[Any, list[tuple[tuple[str, str, int], bool]]] = {}
    for loc, path, site, occurrence, write in entries:
        if site.contended or loc[1] == "lock":
            by_location.setdefault(loc, []).append(((path, site.key, occurrence), write))
    orders = set()
    for used in by_location.values():
        if len({name[0] for name, _ in used}) < 2 or not any(write for _, write in used):
            continue
        order: list[object] = []
        reads: set[tuple[str, str, int]] = set()
        for name, write in used:
            if not write:
                reads.add(name)
                continue
            order += [frozenset(reads), name]
            reads = set()
        orders.add((min(name for name, _ in used), *order, frozenset(reads)))
    return hash(frozenset(orders))


class Tally:
    """Collects what the schedules of one test gave; the last run under a schedule's number counts."""

    def __init__(self) -> None:
        self._runs: dict[int, tuple[tuple[tuple[str, str], ...], Sequence[Entry]]] = {}

    def note(self, number: int, values: Sequence[tuple[str, str]], entries: Sequence[Entry]) -> None:
        """Take in the (value, verdict) pairs that schedule ``number`` gave, and the operations of its run."""
        self._runs[number] = (tuple(values), entries)

    def table(self, schedules: int) -> tuple[OutcomeRow, ...]:
        """Return the rows for the first ``schedules`` ones, the most frequent first."""
        counted: dict[tuple[str, str], tuple[int, set[int], int]] = {}
        for number, (values, entries) in sorted(self._runs.items()):
            if number > schedules:
                continue
            kind = interleaving(entries) if values else 0
            for key in values:
                times, kinds, first = counted.get(key, (0, set(), number))
                counted[key] = (times + 1, kinds | {kind}, first)
        rows = [
            OutcomeRow(value, times, len(kinds), verdict, first)
            for (value, verdict), (times, kinds, first) in counted.items()
        ]
        return tuple(sorted(rows, key=lambda row: (-row.times, row.value)))
