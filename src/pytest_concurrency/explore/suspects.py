"""Suspicions worth a schedule of their own."""

from __future__ import annotations

from collections.abc import Sequence

from .contention import Nested

Points = tuple[tuple[str, str, int], ...]
CYCLE_LIMIT = 8
CYCLES = 4
"""Cycles of locks that are tried out."""


def closing_cycles(nested: Sequence[Nested]) -> list[Points]:
    """Return the acquires that would close a cycle of waiting, one tuple a cycle, short cycles first.

    Each worker of a cycle holds a lock that the one before it wants; no lock is held by two of them (a gate lock
    makes the cycle impossible).
    """
    found: dict[frozenset[tuple[str, str, int]], Points] = {}

    def extend(chain: list[Nested]) -> None:
        last = chain[-1]
        if len(chain) >= 2 and last.lock in chain[0].held:
            points = tuple((n.path, n.site, n.occurrence) for n in chain)
            found.setdefault(frozenset(points), points)
            return
        if len(chain) >= CYCLE_LIMIT or len(found) >= 50:
            return
        for candidate in nested:
            if last.lock not in candidate.held:
                continue
            if any(candidate.path == n.path or candidate.held & n.held for n in chain):
                continue
            extend([*chain, candidate])

    for start in nested:
        extend([start])
    return sorted(found.values(), key=len)
