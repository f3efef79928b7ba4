"""Random walk: at every decision each enabled worker is equally likely. The baseline of the literature."""

from __future__ import annotations

import random
from collections.abc import Sequence

from .base import Candidate


class RandomWalk:
    """A uniformly random choice at every announced operation."""

    name = "random"
    sites: frozenset[str] = frozenset()
    timeouts = True

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = random.Random(seed)

    def begin(self, number: int) -> None:
        self._random = random.Random(self._seed * 1_000_003 + number)

    def pick(
        self, enabled: Sequence[Candidate], current: Candidate | None, step: int, left: Candidate | None = None
    ) -> Candidate:
        return enabled[int(self._random.random() * len(enabled))]

    def quiet_until(self, step: int) -> int:
        return 0
