"""Which schedules are tried, and in which order: the likeliest suspicions first, then samples of every kind."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping
from types import MappingProxyType

from ..instrument.sites import READ, Site, Sites
from ..settings import Settings
from ..state import STATE
from ..strategies.anywhere import Anywhere, Look
from ..strategies.base import Strategy
from ..strategies.bounded import Bounded
from ..strategies.directed import Chain, Directed, HoldAll, Nested, StepOver
from ..strategies.dpor import Dpor
from ..strategies.interpose import Interpose
from ..strategies.random_walk import RandomWalk
from ..strategies.round_robin import RoundRobin
from ..strategies.sampling import SAMPLING
from .allowance import Allowance
from .contention import has_own_orders
from .forecast import changes_again, forecast_of
from .runs import Runs
from .suspects import CYCLES

SAMPLED = 3
"""So many times the schedules of a turn of DPOR are sampled before the next one."""
NESTED_SCHEDULES = 12
FEW_UPDATES = 3
"""Places of updates, up to which each is held the second and third time, too, before anything else is tried."""
COMPLETE: Mapping[str, Callable[[], Strategy]] = MappingProxyType({"dpor": Dpor, "bounded": Bounded})
"""Those that run every distinct schedule, by name."""
LOOKS = 2
"""Runs in random order in which ``auto`` looks for what the serial ones did not show to be shared."""


class Portfolio:
    """The strategies for one program, of which ``runs`` teach more and more. Runs of those in ``looks`` are to be
    observed; ``alone``: every strategy is run here, and its run may decide on the next."""

    def __init__(self, settings: Settings, runs: Runs, sites: Collection[Site], alone: bool) -> None:
        self._settings = settings
        self._runs = runs
        self._contention = runs.contention
        self._sites = sites
        self._alone = alone
        self._reached: set[Site] = set()
        self.looks: list[Strategy] = []
        self.allowance = Allowance(settings.schedules, settings.max_seconds)

    def at_once(self) -> Iterator[Strategy]:
        """Yield what is worth trying before anything but one serial run is known."""
        known, run = self._contention, self._runs.last
        if self._settings.strategy == "auto" and run is not None and (known.contended or known.synchronising):
            passed = frozenset(site.key for worker in run.workers for site in worker.counts)
            forecast = forecast_of(run, known)
            yield Interpose(forecast, passed)
            if has_own_orders(run):
                yield Interpose(forecast, passed, last_first=True)
            if changes_again(forecast):
                yield Interpose(forecast, passed, brief=True)

    def strategies(self) -> Iterator[Strategy]:
        """Yield the strategy of each run, without end."""
        seed = self._settings.seed
        name = self._settings.strategy
        if name == "auto":
            yield from self._auto(seed)
        yield from self._look_again()
        if name in SAMPLING:
            strategy = SAMPLING[name](seed, self._contention.counts)
        else:
            strategy = COMPLETE[name]() if name in COMPLETE else STATE.extra_strategies[name](seed)
        yield from itertools.repeat(strategy)

    def _auto(self, seed: int) -> Iterator[Strategy]:
        sampling = [make(seed, self._contention.counts) for make in SAMPLING.values()]
        anywhere = Anywhere(seed, self._keys())
        portfolio = itertools.cycle([*sampling, *sampling, anywhere, *sampling, *sampling, anywhere, Look(seed)])
        likely, _ = self.directed()
        self._reached = set(self._contention.of_workers)
        for strategy in likely:
            yield strategy
            yield from self._deeper(strategy)
        yield from self._look_again()
        every = Dpor()
        early = self._contention.most_workers >= 3  # what takes two preemptions is far down for the others
        if early:
            yield from self._second_look(seed)
        yield every
        for number in range(1 if early else 0, LOOKS):
            yield from self._second_look(seed + number)
        _, rest = self.directed()
        mixed = itertools.chain(itertools.chain.from_iterable(zip(rest, portfolio)), portfolio)  # noqa: B905
        while True:
            yield from itertools.islice(mixed, SAMPLED * self.allowance.turn)
            if not every.doubts:
                yield every

    def _keys(self) -> frozenset[str]:
        if isinstance(self._sites, Sites):
            return self._sites.live_keys()
        return frozenset(site.key for site in self._sites if not site.muted)

    def _deeper(self, strategy: Strategy) -> Iterator[Strategy]:
        """Where a worker got somewhere only because ``strategy`` held another one, hold it there, too, for a third."""
        run = self._runs.last
        if run is None or not self._alone or self._contention.most_workers < 3:
            return
        by = {site: worker.path for worker in run.workers for site in worker.counts if site not in self._reached}
        self._reached |= by.keys()
        if isinstance(strategy, Directed | StepOver):
            outer = strategy.key, strategy.held_path
            chains = [Chain(outer, (site.key, by[site])) for site in sorted(by, key=lambda s: s.key)]
            yield from chains[:NESTED_SCHEDULES]

    def _second_look(self, seed: int) -> Iterator[Strategy]:
        """Look for what only workers that overlap share, and direct schedules at that."""
        known = set(self._contention.contended)
        yield Look(seed)
        new = sorted(self._contention.contended - known, key=lambda s: (not s.derived, s.action == READ, s.key))
        yield from (Directed(site.key, 1, last_first=flip) for site in new for flip in (False, True))
        if self._contention.most_workers >= 3:  # it was there while another worker was in the middle of something
            around = sorted((s for s in known if s.action != READ), key=lambda s: s.key)
            chains = [
                Chain((outer.key, ""), (inner.key, "")) for inner in new if inner.action != READ for outer in around
            ]
            yield from chains[:NESTED_SCHEDULES]

    def _look_again(self) -> Iterator[Strategy]:
        """Observe two more runs where one worker may have found the work of others done, then confirm what is new."""
        known = self._contention
        roaming = known.roaming()
        if not roaming:
            return
        before = set(known.contended)
        for site in roaming:
            site.contended = True
        self.looks = [RoundRobin(), RandomWalk(self._settings.seed)]
        yield from self.looks
        known.focus(self._sites)
        new = sorted(known.contended - before, key=lambda s: (not s.derived, s.action == READ, s.key))
        yield from [Directed(site.key, 1) for site in new][: max(8, self._settings.schedules // 4)]

    def directed(self) -> tuple[list[Strategy], list[Strategy]]:
        """Return directed schedules for everything that workers share: the likeliest suspicions, and the rest."""
        known = self._contention
        sites = sorted(known.contended, key=lambda s: (not s.derived, s.action == READ, s.key))
        updates = [site for site in sites if site.derived]
        split = [site for site in self._sites if site.split and site.derived and site not in updates]
        updates += sorted(split, key=lambda s: s.key)
        others = [site for site in sites if not site.derived]
        others += sorted(known.synchronising, key=lambda s: s.key)
        few = len(updates) <= FEW_UPDATES
        likely = self._likely(sites, updates, others, again=few)
        rest = self._unlikely(sites, updates, others, again=not few)
        most = max(8, self._settings.schedules // 2)
        return likely[:most], rest[: most - len(likely[:most]) or 1]

    def _likely(self, sites: list[Site], updates: list[Site], others: list[Site], again: bool) -> list[Strategy]:
        """Return what most bugs need, commonest first: ``updates`` write what was computed from a read, ``others`` are
        the accesses and synchronising calls besides. ``again``: updates are also held when they are passed again."""
        known = self._contention
        times = {site: known.times(site) for site in [*updates, *others]}
        ways = {site: known.directions(site) for site in [*updates, *others]}
        # A lost update: held between its read and its write. It shows the first time if it does at all.
        found: list[Strategy] = [Directed(s.key, times[s][0], last_first=way) for s in updates for way in ways[s]]
        # A deadlock: every worker of a cycle of locks is held before it closes. There are few of them.
        found += [HoldAll(points) for points in sorted(self._runs.cycles, key=len)[:CYCLES]]
        if again:
            found += [Directed(s.key, times[s][n], last_first=way) for n in (1, 2) for s in updates for way in ways[s]]
        # Check then act, and order: held before the access; where it writes, right after it, too.
        for site in others:
            for way in ways[site]:
                found.append(Directed(site.key, times[site][0], last_first=way))
                if site.action != READ and site not in known.synchronising:
                    found.append(StepOver(site.key, times[site][0], last_first=way))
        # Three workers: who was let in between is held in turn.
        if known.most_workers >= 3:
            nested = [Nested(s.key, last_first=way) for s in sites for way in ways[s]]
            found += nested[:NESTED_SCHEDULES]
        return found

    def _unlikely(self, sites: list[Site], updates: list[Site], others: list[Site], again: bool) -> list[Strategy]:
        """Return what is worth a schedule after that: calls of unknown effect, the other end to begin from, later
        times, writes after any access, and at last places that were not seen to share anything."""
        known = self._contention
        times = {site: known.times(site) for site in [*updates, *others]}
        ways = {site: known.directions(site) for site in [*updates, *others]}
        steps = sorted(known.steps, key=lambda s: s.key)
        found: list[Strategy] = [StepOver(site.key, 1) for site in steps]
        found += [Directed(s.key, times[s][0], last_first=not ways[s][0]) for s in others if len(ways[s]) == 1]
        found += [Directed(s.key, times[s][1], last_first=flip) for flip in (False, True) for s in others]
        if again:
            found += [Directed(s.key, times[s][n], last_first=ways[s][0]) for n in (1, 2) for s in updates]
        found += [Directed(s.key, times[s][0], any_access=True) for s in sites if s.action != READ]
        found += [StepOver(site.key, 1, last_first=True) for site in steps]
        hidden = known.of_workers - known.contended - known.synchronising - known.steps
        unseen = sorted((s for s in hidden if not s.muted), key=lambda s: (s.action == READ, s.key))
        found += [StepOver(site.key, 1, last_first=flip) for flip in (False, True) for site in unseen]
        return found
