"""What a spawn log means: pure functions that find workers who never overlap, or who cost more than they do.

A *site* is the whole stack of lines from the watched function down to the start: a helper that is called in a loop is
one site, and a helper that is called from two lines is two.
"""

from __future__ import annotations

import itertools
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

MOST_OWN = 0.1
MIN_SPAWNS = 2
MIN_FOR_OVERHEAD = 4
OVERHEAD_FACTOR = 1.5

Line = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Spawn:
    """One worker that was started while the watch was on; times are seconds of one monotonic clock.

    ``spawner`` identifies the thread that started it. ``asked`` and ``started`` are when ``start`` was called and
    returned; ``join_asked`` and ``joined`` the same for the join without a time limit that saw its end, by the spawner
    (None: there was none). ``work`` is how long it did what it was started for, without the run delay, and ``cost`` the
    CPU time that starting it took (None: not known).
    """

    kind: str
    site: tuple[Line, ...]
    spawner: int
    asked: float
    started: float
    join_asked: float | None = None
    joined: float | None = None
    work: float | None = None
    cost: float | None = None

    @property
    def line(self) -> Line:
        """The line of the user's code that started the worker."""
        return self.site[-1]


@dataclass(frozen=True, slots=True)
class Site:
    """A site that starts workers in vain: how many, of what kind, and what each took and cost (seconds)."""

    kind: str
    line: Line
    count: int
    work: float
    cost: float


def joined_one_by_one(spawns: Iterable[Spawn]) -> tuple[Site, ...]:
    """Return the sites whose every worker was joined before the next one was started (CH203).

    All workers of the site count, whoever started them. Not reported: a site of one worker; a join with a time limit (a
    watchdog); a spawner that did something of its own between the start and the join, or that had another worker
    running at that time: then something did overlap.
    """
    everything = list(spawns)
    found = []
    for site, group in _by_site(everything).items():
        group.sort(key=lambda spawn: spawn.asked)
        if len(group) < MIN_SPAWNS or not all(_joined_at_once(spawn) for spawn in group):
            continue
        # The median: now and then a spawner loses the GIL right after the start, which is not its own doing.
        if (
            statistics.median(_own_share(spawn) for spawn in group) > MOST_OWN
            or _overlap(group)
            or _company(group, everything)
        ):
            continue
        found.append(_summary(group, site[-1]))
    return tuple(found)


def costlier_than_work(spawns: Iterable[Spawn]) -> tuple[Site, ...]:
    """Return the sites whose workers cost more to start than they did (CH204): at least four workers, most of them, and
    all together.

    Noise only adds to what a start takes: its cost is that of the cheaper ones.
    """
    found = []
    for site, group in _by_site(spawns).items():
        known = [spawn for spawn in group if spawn.work is not None and spawn.cost is not None]
        if len(known) < MIN_FOR_OVERHEAD or len(known) < len(group):
            continue
        costs = sorted(spawn.cost or 0.0 for spawn in known)
        summary = replace(_summary(known, site[-1]), cost=costs[len(costs) // 4])
        total = sum(spawn.work or 0.0 for spawn in known)
        if summary.cost > OVERHEAD_FACTOR * max(summary.work, total / len(known)):
            found.append(summary)
    return tuple(found)


def _by_site(spawns: Iterable[Spawn]) -> dict[tuple[Line, ...], list[Spawn]]:
    groups: dict[tuple[Line, ...], list[Spawn]] = defaultdict(list)
    for spawn in spawns:
        groups[spawn.site].append(spawn)
    return groups


def _joined_at_once(spawn: Spawn) -> bool:
    return spawn.join_asked is not None and spawn.joined is not None


def _own_share(spawn: Spawn) -> float:
    """Return the part of a worker's life in which its spawner did something of its own."""
    life = (spawn.joined or spawn.started) - spawn.asked
    return ((spawn.join_asked or 0.0) - spawn.started) / life if life > 0 else 1.0


def _overlap(group: Sequence[Spawn]) -> bool:
    pairs = itertools.pairwise(group)
    return any(before.joined is None or before.joined > after.asked for before, after in pairs)


def _company(group: Sequence[Spawn], everything: Sequence[Spawn]) -> bool:
    """Whether another worker of the same spawner, started elsewhere, was running at the same time."""
    mine = set(map(id, group))
    spawners = {spawn.spawner for spawn in group}
    others = [spawn for spawn in everything if id(spawn) not in mine and spawn.spawner in spawners]
    return any(
        other.asked < (spawn.joined or spawn.started) and (other.joined is None or other.joined > spawn.asked)
        for spawn in group
        for other in others
        if other.spawner == spawn.spawner
    )


def _summary(group: Sequence[Spawn], line: Line) -> Site:
    works = [spawn.work for spawn in group if spawn.work is not None]
    costs = [spawn.cost for spawn in group if spawn.cost is not None]
    return Site(
        group[0].kind,
        line,
        len(group),
        statistics.median(works) if works else 0.0,
        statistics.median(costs) if costs else 0.0,
    )
