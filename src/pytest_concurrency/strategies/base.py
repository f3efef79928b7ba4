"""The protocol of a strategy. Strategies never see threads: only workers' announced operations."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Protocol

NEVER = sys.maxsize
EARLY = "!"
"""Ends the name of a worker to go to where its timed wait is to end early."""
RELEASED = ":release"
"""Ends the key of a site where it stands for the release of the lock that was taken there."""


class SiteView(Protocol):
    """What a strategy may know of the place of an operation."""

    key: str
    group: int
    acquires: bool


class Candidate(Protocol):
    """A worker as a strategy sees it: its name and the operation it would do next."""

    path: str
    index: int
    site: Any
    loc: Any
    key: Any
    write: bool
    occurrence: int
    parks: int
    wait: Any
    timed_out: bool
    done: bool


class Strategy(Protocol):
    """Chooses the next worker at every decision of a run.

    ``begin`` is called before each run with its number. ``pick`` gets the workers that could go on, ordered by
    creation, the one that runs now (None where it just blocked or ended, and is then given as ``left``), and the number
    of the operation; it returns one of the enabled. ``sites`` are the keys of sites that have to be announced although
    they touch nothing shared. A strategy with ``timeouts`` true is also given, after those, workers in a timed wait
    that may end early: choosing one lets it time out. ``quiet_until`` is the step before which ``pick`` need not be
    asked while the current worker can go on.

    What a strategy may have besides, and is taken for false where it is missing: ``follows``: it repeats one, with
    the early ends of waits that are in it; ``releases``, releases of locks are operations; ``sleepless``, nobody comes
    in between where a worker sleeps; ``precise``, it has to know of every operation (:class:`.precise.Precise`). One
    for processes may have ``holds``, which says whether time is to pass for who sleeps rather than that one of those
    who could go on does.
    """

    name: str
    sites: frozenset[str]

    def begin(self, number: int) -> None: ...

    def pick(
        self, enabled: Sequence[Candidate], current: Candidate | None, step: int, left: Candidate | None = None
    ) -> Candidate: ...

    def quiet_until(self, step: int) -> int: ...


def races(a: Candidate, b: Candidate) -> bool:
    """Say whether the order of the two announced operations can matter: one location, at least one write."""
    return a.loc is not None and a.loc == b.loc and (a.write or b.write)
