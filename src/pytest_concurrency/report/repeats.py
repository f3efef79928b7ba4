"""What a worker does over and over, such as polling a flag, is shown once at its beginning and once at its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..trace.outcome import Row

if TYPE_CHECKING:
    from collections.abc import Hashable

LONGEST = 6
"""Rows of one round of a loop, at most."""
FEWEST = 4
"""Rounds from which on those in between are left out."""


def _likeness(row: Row) -> Hashable:
    return (row.worker, row.path, row.line, row.action, row.target, row.value, row.location)


def without_repeats(rows: Sequence[Row], needed: Sequence[Row]) -> list[Row]:
    """Return ``rows`` with a row that counts them in the place of rounds that are like the one before and the one
    after; ``needed`` rows are kept."""
    alike = [_likeness(row) for row in rows]
    kept: list[Row] = []
    at = 0
    while at < len(rows):
        size, rounds = _rounds(alike, at)
        inner = rows[at + size : at + size * (rounds - 1)]
        if rounds < FEWEST or any(row in needed for row in inner):
            kept.append(rows[at])
            at += 1
            continue
        kept += rows[at : at + size]
        kept.append(Row(rows[at].worker, "", 0, f"{rounds - 2} times more", "", "", "", rows[at].step))
        at += size * (rounds - 1)
        kept += rows[at : at + size]
        at += size
    return kept


def _rounds(alike: Sequence[Hashable], at: int) -> tuple[int, int]:
    """Return the length of the round that begins ``at`` a place and how often it comes in a row."""
    for size in range(1, min(LONGEST, (len(alike) - at) // FEWEST) + 1):
        rounds = 1
        while alike[at + rounds * size : at + (rounds + 1) * size] == alike[at : at + size]:
            rounds += 1
        if rounds >= FEWEST:
            return size, rounds
    return 1, 1
