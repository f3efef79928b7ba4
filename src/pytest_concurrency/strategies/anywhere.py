"""One preemption at any operation, and runs that look at everything again.

What the model of accesses does not see is no suspicion for a directed schedule, and no operation for a sampling
strategy. A share of the schedules therefore announces every site, calls of unknown effect included, and preempts at one
of them; and what an observing run in serial order did not show to be shared, one in another order may.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from .base import NEVER, Candidate
from .pos import Pos


class Anywhere:
    """Workers in a random order, and one preemption at an operation that is drawn from all of the last run.

    ``sites`` are the keys of all sites there are.
    """

    name = "anywhere"
    timeouts = True

    def __init__(self, seed: int, sites: frozenset[str]) -> None:
        self.sites = sites
        self._seed = seed
        self._random = random.Random(seed)
        self._order: list[str] = []
        self._first = 0
        self._length = 1
        self._point = 0

    def begin(self, number: int) -> None:
        self._random = random.Random(self._seed * 1_000_003 + number)
        self._order = []
        self._first = 0
        self._point = 0

    def pick(
        self, enabled: Sequence[Candidate], current: Candidate | None, step: int, left: Candidate | None = None
    ) -> Candidate:
        if not self._first:
            self._first = step
            self._point = step + self._random.randrange(self._length)
        self._length = max(self._length, step - self._first + 1)
        for worker in enabled:
            if worker.path not in self._order:
                self._order.insert(self._random.randint(0, len(self._order)), worker.path)
        if current is not None and step >= self._point:
            self._point = NEVER
            self._order.remove(current.path)
            self._order.append(current.path)
        return min(enabled, key=lambda worker: self._order.index(worker.path))

    def quiet_until(self, step: int) -> int:
        return self._point


class Look(Pos):
    """Partial order sampling in a run in which every access is observed."""

    name = "look"
