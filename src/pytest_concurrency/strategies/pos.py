"""POS: partial order sampling.

Yuan, Yang, Gu: Partial Order Aware Concurrency Sampling (CAV 2018). Every announced operation gets a random priority;
the highest runs; operations that race with it draw again, so that each order of a racing pair is about equally likely.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from .base import Candidate, races


class Pos:
    """Random priorities for operations, drawn again for those that lose a race."""

    name = "pos"
    sites: frozenset[str] = frozenset()
    timeouts = True

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = random.Random(seed)
        self._priority: dict[str, float] = {}

    def begin(self, number: int) -> None:
        self._random = random.Random(self._seed * 1_000_003 + number)
        self._priority = {}

    def pick(
        self, enabled: Sequence[Candidate], current: Candidate | None, step: int, left: Candidate | None = None
    ) -> Candidate:
        priority, draw = self._priority, self._random.random
        for worker in enabled:
            if worker.path not in priority:
                priority[worker.path] = draw()
        local = [worker for worker in enabled if worker.loc is None]
        chosen = max(local or enabled, key=lambda w: priority[w.path])
        for worker in enabled:
            if worker is not chosen and races(worker, chosen):
                del priority[worker.path]
        del priority[chosen.path]
        return chosen

    def quiet_until(self, step: int) -> int:
        return 0
