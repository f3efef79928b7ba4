"""Suspicions worth a schedule of their own."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Sequence

from ..detect.lock_order import on_cycles
from .contention import Nested

Points = tuple[tuple[str, str, int], ...]
CYCLE_LIMIT = 8
"""Workers in a cycle, at most."""
CHAINS = 5_000
"""Chains of acquires that are looked at, short ones first: a matter of milliseconds."""
ENOUGH = 50
"""Cycles after which the search ends."""
CYCLES = 4
"""Cycles of locks that are tried out."""


def closing_cycles(nested: Sequence[Nested]) -> list[Points]:
    """Return the acquires that would close a cycle of waiting, one tuple a cycle, short cycles first.

    Each worker of a cycle holds a lock that the one before it wants; no lock is held by two of them (a gate lock
    makes the cycle impossible). Of what a worker does again and again in one place the first time counts.
    """
    alike: dict[Hashable, Nested] = {}
    for acquired in nested:
        alike.setdefault((acquired.path, acquired.site, acquired.lock, acquired.held), acquired)
    starts = on_cycles(tuple(alike.values()))
    holding: dict[int, list[Nested]] = {}
    for acquired in starts:
        for lock in acquired.held:
            holding.setdefault(lock, []).append(acquired)
    found: dict[frozenset[tuple[str, str, int]], Points] = {}
    chains: deque[tuple[Nested, ...]] = deque((start,) for start in starts)
    for _ in range(CHAINS):
        if not chains or len(found) >= ENOUGH:
            break
        chain = chains.popleft()
        last = chain[-1]
        if len(chain) >= 2 and last.lock in chain[0].held:
            points = tuple((n.path, n.site, n.occurrence) for n in chain)
            found.setdefault(frozenset(points), points)
        elif len(chain) < CYCLE_LIMIT and len(chains) < CHAINS:
            chains.extend(
                (*chain, candidate)
                for candidate in holding.get(last.lock, ())
                if not any(candidate.path == n.path or candidate.held & n.held for n in chain)
            )
    return list(found.values())
