"""One stressed test: what is at hand while it is explored, and what it has come to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from ...explore.model import Exploration
from ...extensions import Detector
from ...instrument.sites import Sites
from ...model import Finding
from ...realtime import RealTime
from ...runtime.outsiders import Outsiders
from ...schedules import token as tokens
from ...settings import Settings
from ..accepted import Accepted
from ..base import Plan
from ..comments import Dismissals
from ..memory import Memory, Remembered
from ..whole_suite.session import WholeSuite
from .program import Program
from .shards import Shard


@dataclass(slots=True)
class Stress:
    """What is at hand while one test is stressed, and what it has come to.

    ``raised`` is the error with which Hypothesis reports a failing example.
    """

    item: pytest.Function
    plan: Plan
    settings: Settings
    program: Program
    accepted: Accepted
    memory: Memory
    suite: WholeSuite
    detectors: tuple[Detector, ...]
    sites: Sites = field(default_factory=Sites)
    outsiders: Outsiders = field(default_factory=Outsiders)
    dismissals: Dismissals = field(init=False)
    remembered: Remembered = field(default_factory=list)
    detected: list[Finding] = field(default_factory=list)
    replayed: tokens.Token | None = None
    share: Shard | None = None
    exploration: Exploration = field(default_factory=Exploration)
    raised: BaseException | None = None
    wasted: tuple[Finding, ...] = ()
    extra: tuple[tuple[str, Any], ...] = ()
    stale: Callable[[], bool] = lambda: False
    begun: float = field(default_factory=RealTime.monotonic)

    def __post_init__(self) -> None:
        self.dismissals = Dismissals(self.item.config.rootpath, self.settings.ignore_in)

    @property
    def is_helper(self) -> bool:
        """Say whether this is a copy of a test that helps to explore it, see :mod:`.shards`."""
        return self.share is not None and self.share.helper > 0
