"""The strategies that draw schedules at random, by the names under which they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from .base import Strategy
from .pct import Pct
from .pos import Pos
from .random_walk import RandomWalk
from .surw import Counts, Surw

SAMPLING: Mapping[str, Callable[[int, Counts], Strategy]] = MappingProxyType(
    {
        "surw": Surw,
        "pos": lambda seed, _: Pos(seed),
        "pct": lambda seed, _: Pct(seed),
        "random": lambda seed, _: RandomWalk(seed),
    }
)
"""Each is made of a seed and of what workers access, as far as that is known (see :data:`.surw.Counts`)."""
