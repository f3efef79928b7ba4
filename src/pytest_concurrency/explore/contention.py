"""What an observing run teaches: which sites touch what workers share, and how often each worker does."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any

from ..instrument.deferred import current
from ..instrument.sites import CALL, METHOD, STEP, WHOLE, WITH, Site
from ..runtime.execution import Execution
from ..runtime.location import Location
from ..runtime.worker import Tag, Worker
from ..strategies.surw import ALL_LOCKS

SYNCHRONISING = (WITH, METHOD, CALL)
PAIRS_LIMIT = 300


def contended_sites(location: Location) -> set[Site]:
    """Return the sites of a location at which another worker may interfere.

    Two accesses interfere where their workers differ, one of them writes, and neither a thread's start or join nor a
    common lock lies between. With very many accesses all sites count.
    """
    accesses = list({(site, tag) for site, tag, _ in location.accesses})
    if len(accesses) > PAIRS_LIMIT:
        return {site for site, _ in accesses}
    found: set[Site] = set()
    for position, (site, tag) in enumerate(accesses):
        for other_site, other in accesses[position:]:
            if interferes(tag, other):
                found.add(site)
                found.add(other_site)
    return found


def guarded_sites(location: Location) -> set[Site]:
    """Return the sites of a location at which workers meet, be it under a common lock."""
    accesses = list({(site, tag) for site, tag, _ in location.accesses})
    if len(accesses) > PAIRS_LIMIT:
        return {site for site, _ in accesses}
    met = (
        {site, other_site}
        for (site, tag), (other_site, other) in itertools.combinations(accesses, 2)
        if tag.index != other.index and (tag.write or other.write) and tag.unordered(other)
    )
    return set().union(*met)


def races_at(location: Location) -> Iterator[tuple[Site, int, list[int]]]:
    """Yield the accesses with which another worker may interfere: site, index of the worker, and at which of its
    visits to the site (from 1). Only accesses of the same part of a location interfere; with very many all count."""
    parts: dict[Any, list[Tag]] = {}
    for _, tag, part in location.accesses:
        parts.setdefault(part, []).append(tag)
    whole = parts.get(None, [])
    for (site, tag, part), times in location.accesses.items():
        others = itertools.chain.from_iterable(parts.values()) if part is None else [*parts[part], *whole]
        if len(location.accesses) > PAIRS_LIMIT or any(interferes(tag, other) for other in others):
            yield site, tag.index, times


def interferes(a: Tag, b: Tag) -> bool:
    """Say whether the order of two accesses of one location is open and matters."""
    return a.index != b.index and (a.write or b.write) and not (a.held & b.held) and a.unordered(b)


@dataclass(frozen=True, slots=True)
class Nested:
    """A worker took ``lock`` at ``site`` while it held others."""

    path: str
    site: str
    occurrence: int
    held: frozenset[int]
    lock: int


class Contention:
    """Knowledge about sites that grows from one observing run to the next.

    At sites that are ``contended`` (accesses) or ``synchronising`` (locks, queues and the like) another worker may
    interfere; ``racing`` says at which of the times that a worker comes there. ``seen`` sites met a location at all,
    ``steps`` are calls of unknown effect, ``of_workers`` were passed by others than the main thread. ``nested`` are
    acquires under other locks, ``most_workers`` were there in one run, and ``counts`` are the operations of each worker
    by group of sites that touch the same locations. ``focused``: sites that touch nothing shared are silent.
    """

    def __init__(self) -> None:
        self.contended: set[Site] = set()
        self.guarded: set[Site] = set()  # workers meet there, be it under a lock: what recorded runs show, too
        self.synchronising: set[Site] = set()
        self.racing: dict[Site, dict[str, set[int]]] = {}
        self.seen: set[Site] = set()
        self.steps: set[Site] = set()
        self.of_workers: set[Site] = set()
        self.nested: list[Nested] = []
        self.most_workers = 0
        self.focused = False
        self.counts: dict[str, dict[int, int]] = {}
        self._groups: dict[Site, Site] = {}
        self._visitors: dict[Site, set[str]] = {}
        self._order: list[str] = []
        self._unequal: set[object] = set()

    def learn(self, run: Execution) -> None:
        """Take in what ``run`` observed."""
        for location in run.locations.values():
            sites = {site for site, _, _ in location.accesses}
            self.seen |= sites
            if len(location.accesses) < 2:
                continue
            if not sites <= self.guarded:
                self.guarded |= guarded_sites(location)
            found = contended_sites(location)
            if not found:
                continue
            for site in found:
                (self.synchronising if site.kind in SYNCHRONISING and site.muted is False else self.contended).add(site)
            for site, index, times in races_at(location):
                self.racing.setdefault(site, {}).setdefault(run.workers[index].path, set()).update(times)
            first, *rest = sites
            for site in rest:
                self._union(first, site)
        self._visits(run)
        self.steps |= {
            site for worker in run.workers for site in worker.counts if site.kind == STEP or site in run.unknown
        }
        self.of_workers |= {site for worker in run.workers if worker is not run.main for site in worker.counts}
        self.most_workers = max(self.most_workers, sum(worker is not run.main for worker in run.workers))
        self.nested = [Nested(*row) for row in run.nested] or self.nested
        numbers: dict[Site, int] = {}
        for site in sorted(self.contended | self.synchronising, key=lambda s: s.key):
            site.group = numbers.setdefault(self._find(site), len(numbers) + 1)
        several = len({site.group for site in self.synchronising if site.acquires}) > 1
        self.counts.clear()
        for worker in run.workers:
            counts = self.counts.setdefault(worker.path, {})
            for site, count in worker.counts.items():
                counts[site.group] = counts.get(site.group, 0) + count
                if several and site.acquires:
                    counts[ALL_LOCKS] = counts.get(ALL_LOCKS, 0) + count

    def _visits(self, run: Execution) -> None:
        """Note who came where, and where one worker came and another one with the same body did not, or would have if
        its executor had had a reason to start it."""
        self._order = [worker.path for worker in run.workers if worker is not run.main]
        peers: dict[object, list[set[object]]] = {}
        for worker in run.workers:
            if worker is run.main:
                continue
            peers.setdefault(body_of(worker), []).append(set(worker.counts))
            for site in worker.counts:
                self._visitors.setdefault(site, set()).add(worker.path)
        for body, visits in peers.items():
            in_pool = isinstance(body, CodeType) and body.co_name == "_worker"
            self._unequal |= set.union(*visits) - (set() if in_pool else set.intersection(*visits))

    def roaming(self) -> set[Site]:
        """Return the silent sites of work that any of several workers may do, and one alone did in every run so far."""
        somewhere = {site for site, paths in self._visitors.items() if len(paths) > 1 or site in self._unequal}
        kinds = (*SYNCHRONISING, STEP)
        return {site for site in somewhere - self.contended if site in self.seen and site.kind not in kinds}

    def times(self, site: Site) -> tuple[int, int, int]:
        """Return three times that a worker comes to ``site``, the likeliest first: those at which another one may
        interfere, as far as they are known."""
        known = sorted(set().union(*self.racing.get(site, {}).values()))[:3]
        first = known[0] if known else 1
        return (first, *known[1:], *(first + more for more in range(max(1, len(known)), 3)))  # type: ignore[return-value]

    def directions(self, site: Site) -> tuple[bool, ...]:
        """Return from which end the workers are best run so that others are still to come when one is at ``site``: from
        the first (False), the last (True), or, for one in the middle, each in turn."""
        places = [place for place, path in enumerate(self._order) if path in self._visitors.get(site, ())]
        if not places:
            return (False,)
        last = len(self._order) - 1
        from_first, from_last = last - min(places), max(places)
        if from_first == from_last < last:
            return (False, True)
        return (from_last > from_first,)

    def focus(self, sites: Iterable[Site]) -> None:
        """Silence the sites that were seen and found to touch nothing that workers share.

        What a contended write is computed from counts with it: in serial order perhaps no second worker came as far.
        A site that was passed but met no container (a comparison of numbers) is silent, too.
        """
        self.focused = True
        self.contended |= {source for site in self.contended for source in site.derived}
        for site in sites:
            site.contended = site.kind != STEP and (
                (site not in self.seen and not (site.kind == WHOLE and site.cache))
                or site in self.contended
                or site in self.synchronising
                or site.split
            )
            site.off = not site.contended

    def introduce(self, site: Site) -> None:
        """Take note of a site that nobody has passed yet; it counts like the others that nobody has passed."""
        site.contended = not self.focused or site.kind != STEP
        site.seen = site.split = False
        site.group = site.hits = 0

    def _find(self, site: Site) -> Site:
        while (parent := self._groups.get(site, site)) is not site:
            site = parent
        return site

    def _union(self, a: Site, b: Site) -> None:
        roots = sorted((self._find(a), self._find(b)), key=lambda s: s.key)
        if roots[0] is not roots[1]:
            self._groups[roots[1]] = roots[0]


def body_of(worker: Worker) -> object:
    """Return what is the same for workers that run the same code."""
    return current(worker.entry) if isinstance(worker.entry, CodeType) else worker


def has_own_orders(run: Execution) -> bool:
    """Say whether the workers of ``run`` are not just several of the same kind, let go at once."""
    bodies = [body_of(worker) for worker in run.workers if worker.body is not None]
    return len(set(bodies)) != 1
