"""SURW: selectively uniform random walk.

Zhao, Wolff, Mathur, Roychoudhury: Selectively Uniform Concurrency Testing (ASPLOS 2025). A location is drawn by its
number of accesses; among its accesses every interleaving is about equally likely, because at each of them the next
worker is drawn in proportion to the accesses that it still has to make (its descendants' included). Everything else
is ordered by random priorities. Deviations: a location is a group of sites that met at one object in the observing
run, since objects differ from run to run; the counts come from that run and are floored at 1; where there are several
locks, all of them together can be drawn, too, because the order that makes a deadlock is one of several locks.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from .base import Candidate, SiteView

Counts = Mapping[str, Mapping[int, int]]
"""Accesses by worker path and group, from the last observing run."""
ALL_LOCKS = -1
"""The group that all acquires belong to, besides those of their locks."""


class Surw:
    """Draw the next access of one chosen location in proportion to what each worker still has to do there."""

    name = "surw"
    sites: frozenset[str] = frozenset()
    timeouts = True

    def __init__(self, seed: int, counts: Counts) -> None:
        self._seed = seed
        self._counts = counts
        self._random = random.Random(seed)
        self._group = 0
        self._left: dict[str, int] = {}
        self._intended: str | None = None
        self._blocked: set[str] = set()
        self._priority: dict[str, float] = {}
        self._known: set[str] = set()
        self._shared: dict[int, int] = {}

    def _shared_groups(self) -> dict[int, int]:
        totals: dict[int, int] = {}
        users: dict[int, int] = {}
        for groups in self._counts.values():
            for group, count in groups.items():
                if group:  # 0: what is in no group
                    totals[group] = totals.get(group, 0) + count
                    users[group] = users.get(group, 0) + 1
        return {group: total for group, total in totals.items() if users[group] >= 2}

    def begin(self, number: int) -> None:
        self._random = random.Random(self._seed * 1_000_003 + number)
        self._shared = self._shared_groups()
        self._left = {}
        self._known = set()
        self._intended = None
        self._blocked = set()
        self._priority = {}
        groups = list(self._shared)
        self._group = self._random.choices(groups, [self._shared[g] for g in groups])[0] if groups else 0

    def _own(self, path: str) -> int:
        prefix = path + "."
        return sum(
            groups.get(self._group, 0)
            for other, groups in self._counts.items()
            if other == path or other.startswith(prefix)
        )

    def _meet(self, enabled: Sequence[Candidate]) -> None:
        for worker in enabled:
            if worker.path in self._known:
                continue
            self._known.add(worker.path)
            self._left[worker.path] = self._own(worker.path)
            parent = worker.path.rpartition(".")[0]
            if parent in self._left:
                whole = max(1, self._left[parent])
                if self._intended == parent and self._random.random() * whole < self._left[worker.path]:
                    self._intended = worker.path
                self._left[parent] = max(0, self._left[parent] - self._left[worker.path])

    def pick(
        self, enabled: Sequence[Candidate], current: Candidate | None, step: int, left: Candidate | None = None
    ) -> Candidate:
        self._meet(enabled)
        draw = self._random.random
        while True:
            candidates = [w for w in enabled if w.path not in self._blocked]
            if not candidates:
                self._blocked.clear()
                self._intended = None
                continue
            for worker in candidates:
                if worker.path not in self._priority:
                    self._priority[worker.path] = draw()
            chosen = max(candidates, key=lambda w: self._priority[w.path])
            if not self._is_counted(chosen.site):
                del self._priority[chosen.path]
                return chosen
            self._left[chosen.path] = max(1, self._left[chosen.path])
            if self._intended is None:
                weights = [max(0, self._left[w.path]) for w in candidates]
                self._intended = self._random.choices(candidates, weights)[0].path if any(weights) else chosen.path
            if chosen.path == self._intended:
                self._left[chosen.path] -= 1
                self._intended = None
                self._blocked.clear()
                del self._priority[chosen.path]
                return chosen
            self._blocked.add(chosen.path)

    def _is_counted(self, site: SiteView | None) -> bool:
        if site is None or not self._group:
            return False
        return site.acquires if self._group == ALL_LOCKS else site.group == self._group

    def quiet_until(self, step: int) -> int:
        return 0
