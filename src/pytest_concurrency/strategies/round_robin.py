"""Round robin: the next worker after every operation. It shows what workers share that no serial order shows, because
there one of them finds all the work done."""

from __future__ import annotations

from collections.abc import Sequence

from .base import Candidate

TURNS = 2_000
"""Turns of one operation each; after as many again the turns are twice as long, and so on."""


class RoundRobin:
    """Each enabled worker in turn, in the order of their creation."""

    name = "round-robin"
    sites: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self._turns = 0

    def begin(self, number: int) -> None:
        self._turns = 0

    def pick(
        self, enabled: Sequence[Candidate], current: Candidate | None, step: int, left: Candidate | None = None
    ) -> Candidate:
        self._turns += 1
        last = current if current is not None else left
        if last is None:
            return enabled[0]
        return next((worker for worker in enabled if worker.index > last.index), enabled[0])

    def quiet_until(self, step: int) -> int:
        return step + (1 << min(self._turns // TURNS, 40))
