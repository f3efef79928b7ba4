"""A schedule as a short list of directives: where to leave the default policy.

The default policy runs a worker until it blocks or ends, then the first that can go on. A directive says: when this
worker is about to act at this site for the n-th time (or has blocked for the n-th time, or ended), go on with that one;
where its name ends in :data:`EARLY`, let its timed wait end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..strategies.base import EARLY, NEVER, RELEASED, Candidate
from ..trace.outcome import Switch

BEFORE, BLOCKED, ENDED = "before", "blocked", "ended"


Point = tuple[str, str, int, str]
"""Where a strategy is asked: a worker, its site, the occurrence, and the moment, as in :class:`Directive`."""


@dataclass(frozen=True, slots=True)
class Directive:
    """Go to ``to`` when ``worker`` is before its ``occurrence``-th act at ``site``, or has blocked or ended.

    In the latter cases ``occurrence`` counts how often it has blocked, and ``site`` is empty: that does not depend on
    which sites are announced.
    """

    worker: str
    site: str
    occurrence: int
    moment: str
    to: str

    @property
    def point(self) -> Point:
        return self.worker, self.site, self.occurrence, self.moment


def from_switches(switches: Iterable[Switch]) -> tuple[Directive, ...]:
    """Return the directives that reproduce the choices of a run."""
    return tuple(
        Directive(s.worker, s.site, s.occurrence, (ENDED if s.ended else BLOCKED) if s.forced else BEFORE, s.to)
        for s in switches
        if s.chosen
    )


def point_of(current: Candidate | None, left: Candidate | None) -> Point | None:
    """Return the point at which a strategy is asked to pick; None before any worker has run."""
    if current is not None:
        key, occurrence = "", current.parks
        if current.site is not None:
            key, occurrence = current.site.key, current.occurrence
        return current.path, key, occurrence, BEFORE
    return None if left is None else (left.path, "", left.parks, ENDED if left.done else BLOCKED)


class Replay:
    """The strategy that follows directives; one that cannot be followed is passed over."""

    name = "replay"
    follows = True

    def __init__(self, directives: Sequence[Directive]) -> None:
        self.sites = frozenset(directive.site for directive in directives)
        self.releases = any(directive.site.endswith(RELEASED) for directive in directives)
        self.timeouts = any(directive.to.endswith(EARLY) for directive in directives)
        self._table = {directive.point: directive.to for directive in directives}
        self.followed: set[Point] = set()

    def begin(self, number: int) -> None:
        self.followed = set()

    def pick(
        self, enabled: Sequence[Candidate], current: Candidate | None, step: int, left: Candidate | None = None
    ) -> Candidate:
        default = current if current is not None else enabled[0]
        point = point_of(current, left)
        to = self._table.get(point) if point is not None else None
        if point is None or to is None:
            return default
        for candidate in enabled:
            waits = candidate.wait is not None and not candidate.timed_out and not candidate.wait.ready()
            if candidate.path + (EARLY if waits else "") == to:
                self.followed.add(point)
                return candidate
        return default

    def quiet_until(self, step: int) -> int:
        return NEVER if len(self.followed) == len(self._table) else 0
