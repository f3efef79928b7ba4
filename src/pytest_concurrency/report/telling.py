"""Which rows of a long interleaving are shown: where workers meet, not what one of them does by itself."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from itertools import groupby
from typing import Any

from ..detect.causes import is_question, same_part
from ..trace.outcome import Row


def most_telling(rows: Sequence[Row], needed: Collection[Row], most: int) -> list[Row]:
    """Return ``rows`` or, of more than ``most``, those that tell most, in their order, others counted in their place.

    First come those ``needed`` and the last one of each worker, then those that interfere with another worker, those at
    a switch before all, then the others at a switch.
    """
    if len(rows) <= most:
        return list(rows)
    last = {row.worker: i for i, row in enumerate(rows)}
    meeting = _meeting(rows)
    switched = {i for i in range(1, len(rows)) if rows[i].worker != rows[i - 1].worker}
    beside = switched | {i - 1 for i in switched}

    def rank(i: int) -> tuple[int, int]:
        if rows[i] in needed or i in last.values():
            return 0, -i
        if i in meeting:
            return (1 if i in beside else 2), -i
        return 3, -i

    telling = sorted((i for i in range(len(rows)) if i in meeting or i in beside or rank(i)[0] == 0), key=rank)
    return _with_counts(rows, sorted(telling[:most]))


def around_switches(rows: Sequence[Row], many: int) -> list[Row]:
    """Return so ``many`` of ``rows`` on either side of each switch, the first and the last of all, others counted."""
    switched = [0, *(i for i in range(1, len(rows)) if rows[i].worker != rows[i - 1].worker), len(rows)]
    near = {i for at in switched for i in range(at - many, at + many) if 0 <= i < len(rows)}
    return _with_counts(rows, sorted(near)) if rows else []


def _with_counts(rows: Sequence[Row], kept: Sequence[int]) -> list[Row]:
    """Return the ``kept`` of ``rows``, with a row for those of one worker that are left out between two of them."""
    shown: list[Row] = []
    at = kept[0]
    for i in kept:
        for worker, left_out in groupby(rows[at:i], key=lambda row: row.worker):
            more = list(left_out)
            shown.append(Row(worker, "", 0, f"({len(more)} more)", "", "", "", more[0].step))
        shown.append(rows[i])
        at = i + 1
    return shown


def _meeting(rows: Sequence[Row]) -> set[int]:
    """Return the indexes of the rows that interfere with one of another worker: the same part, and not two reads."""
    kinds: dict[Hashable, dict[tuple[str, str, bool], Any]] = {}
    for row in rows:
        if row.location is not None:
            kinds.setdefault(row.location, {}).setdefault((row.worker, row.target, is_question(row)), row)
    answers: dict[tuple[Hashable, str, str, bool], bool] = {}
    found = set()
    for i, row in enumerate(rows):
        key = row.location, row.worker, row.target, is_question(row)
        if key not in answers:
            answers[key] = any(
                other.worker != row.worker and not (key[3] and is_question(other)) and same_part(row, other)
                for other in kinds.get(row.location, {}).values()
            )
        if answers[key]:
            found.add(i)
    return found
