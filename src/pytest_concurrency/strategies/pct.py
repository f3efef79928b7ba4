"""PCT: priorities with a few random change points.

Burckhardt, Kothari, Musuvathi, Nagarakatte: A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs
(ASPLOS 2010). Deviation: the number of change points is drawn for each run from 0 to ``depth - 1``, because with
fixed points more than the run has steps nothing is random any more. The length of a run is estimated by the longest
one seen.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from .base import NEVER, Candidate


class Pct:
    """Run the enabled worker of the highest priority; at a change point the running one falls to the lowest."""

    name = "pct"
    sites: frozenset[str] = frozenset()
    timeouts = True

    def __init__(self, seed: int, depth: int = 4) -> None:
        self._seed = seed
        self._depth = depth
        self._length = 1
        self._random = random.Random(seed)
        self._order: list[str] = []
        self._points: list[int] = []

    def begin(self, number: int) -> None:
        self._random = random.Random(self._seed * 1_000_003 + number)
        self._order = []
        wanted = min(self._random.randint(0, self._depth - 1), self._length)
        self._points = sorted(self._random.sample(range(1, self._length + 1), wanted))

    def pick(
        self, enabled: Sequence[Candidate], current: Candidate | None, step: int, left: Candidate | None = None
    ) -> Candidate:
        self._length = max(self._length, step)
        for worker in enabled:
            if worker.path not in self._order:
                self._order.insert(self._random.randint(0, len(self._order)), worker.path)
        ranked = sorted(enabled, key=lambda w: self._order.index(w.path))
        chosen = ranked[0]
        while self._points and self._points[0] <= step:
            self._points.pop(0)
            self._order.remove(chosen.path)
            self._order.append(chosen.path)
            ranked = [*ranked[1:], chosen]
            chosen = ranked[0]
        return chosen

    def quiet_until(self, step: int) -> int:
        return self._points[0] if self._points else NEVER
