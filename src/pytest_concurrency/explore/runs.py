"""Running a program under one schedule after the other: what each run is told, and what is learned from it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ..instrument.sites import STEP, Site, Sites
from ..realtime import RealTime
from ..runtime.execution import Execution
from ..runtime.journal import JournalledExecution
from ..runtime.outsiders import Outsiders
from ..settings import Settings
from ..state import STATE
from ..strategies.anywhere import Look
from ..strategies.base import NEVER, Strategy
from ..strategies.precise import Precise
from ..trace.outcome import Outcome
from .contention import Contention
from .outcomes import Tally
from .suspects import Points, closing_cycles

if TYPE_CHECKING:
    from ..report.progress import Progress
    from ..runtime.recorder import Recorder

RunOnce = Callable[[Execution], Outcome]
"""Sets the program up afresh and runs it under the given execution."""


class Runs:
    """The runs of one program so far, and what they have taught.

    ``count`` is that of the schedules that count, ``last`` the latest execution, ``last_seconds`` how long it took;
    ``max_steps`` is the number of operations after which a run is too long (0: not known yet), ``harmless`` are the
    (read site, write site, worker) of updates whose loss changes nothing, ``cycles`` the acquires that would close a
    cycle of waiting. ``silenced``: a site was passed too often to be watched, so that the length of a run is not known.
    """

    def __init__(
        self,
        run_once: RunOnce,
        settings: Settings,
        sites: Collection[Site],
        outsiders: Outsiders | None,
        collects: bool,
    ) -> None:
        STATE.places.clear()
        if isinstance(sites, Sites):
            sites.introduce = self._introduce
        self._run_once = run_once
        self._settings = settings
        self._sites = sites
        self._outsiders = outsiders
        self._collects = collects
        self._collected = False
        self._switch = _Switch()
        self._polled: set[Site] = set()  # sites at which workers poll what no others touch
        self._computing: set[Site] = set()  # sites at which they only seemed to
        self._clean = False  # the sites are as a run that only decides needs them
        self.contention = Contention()
        self.tally = Tally()
        self.progress: Progress | None = None
        self.count = 0
        self.last: Execution | None = None
        self.last_seconds = 0.0
        self.max_steps = 0
        self.harmless: set[tuple[str, str, str]] = set()
        self.silenced = False
        self.cycles: list[Points] = []

    @contextmanager
    def uncounted(self) -> Iterator[None]:
        """Runs within the block answer a question about an earlier one, and do not count."""
        spent = self.count
        try:
            yield
        finally:
            self.count = spent

    def __call__(
        self,
        strategy: Strategy,
        *,
        observing: bool = False,
        recording: bool = False,
        horizon: int = NEVER,
        recorder: Recorder | None = None,
        keeping: bool = False,
        learning: bool = True,
    ) -> Outcome:
        """Run the program under ``strategy``.

        ``observing`` notes who accesses what, ``recording`` keeps a row for everything that happens, ``recorder`` is
        told of every event; after ``horizon`` operations the run goes on uncontrolled; ``keeping`` keeps alive what
        is accessed, so that no two objects have the same identity. Without ``learning`` what is observed is forgotten
        with the run.
        """
        self.count += 1
        precise = isinstance(strategy, Precise)
        looks = isinstance(strategy, Look)
        observing = observing or looks
        plain = not (observing or recording or precise or strategy.sites or recorder)
        if not (plain and self._clean):
            self._set_sites(strategy.sites, recording, precise, looks or recorder is not None)
        journalled = self._collects
        execution = (JournalledExecution if journalled else Execution)(
            strategy,
            self.count,
            observing=observing or recorder is not None,
            recording=recording,
            timeout=self._settings.timeout,
            outsiders=self._outsiders,
            sites=self._sites,
            harmless=self.harmless,
            max_steps=self.max_steps or NEVER,
            horizon=horizon,
            explore_timeouts=self._settings.explore_timeouts,
        )
        execution.polled, execution.polling.computing = self._polled, self._computing
        self.last = execution
        execution.recorder = recorder
        execution.journal = [] if journalled else None
        execution.kept = {} if keeping else None
        begun = RealTime.monotonic()
        outcome = self._run_once(execution)
        self.last_seconds = RealTime.monotonic() - begun
        if isinstance(self._sites, Sites) and self._sites.disturbed:
            self._sites.settle()
            self._clean = False
            if isinstance(strategy, Precise):
                strategy.doubt("a function looked at its callers while they were being rewritten")
            elif recorder is None:
                self.count -= 1
                again = partial(self, strategy, observing=observing, recording=recording, horizon=horizon)
                return again(keeping=keeping, learning=learning)
        if self.progress is not None:
            self.progress.tick(self.count, outcome.switches)
        self._collected = self._collected or bool(execution.values)
        self._collects = self._collected
        if execution.values:
            self.tally.note(execution.number, execution.values, execution.journal or ())
        self._clean = plain and not (execution.coasting or execution.silenced or execution.opened)
        if observing and learning and not precise and keeping >= self._settings.whole_suite:
            self.contention.learn(execution)
            self.silenced = self.silenced or execution.silenced
            self.cycles += [c for c in closing_cycles(self.contention.nested) if c not in self.cycles]
        if looks:
            self.contention.focus(self._sites)
        return outcome

    def _set_sites(self, wanted: Set[str], recording: bool, precise: bool, all_accesses: bool) -> None:
        """Switch sites on or off for the next run."""
        if isinstance(self._sites, Sites) and wanted is not self._sites.accesses:
            self._sites.find(wanted)
        sites = (*self._sites, *STATE.places.sites())
        hidden = recording and any(site.key in wanted and not self._is_shared(site) for site in sites)
        shown = self.contention.guarded if recording else frozenset[Site]()
        self._switch = _Switch(wanted, hidden, precise, all_accesses, shown, self._polled)
        for site in sites:
            self._switch(site)
            site.hits = 0

    def _is_shared(self, site: Site) -> bool:
        """Say whether workers share what is touched at ``site``; before that is settled, whether they were seen to."""
        known = self.contention
        return site.contended and (known.focused or site in known.contended or site in known.synchronising)

    def _introduce(self, site: Site) -> None:
        """A function was called for the first time: make its site like the others of this run."""
        self.contention.introduce(site)
        self._switch(site)
        if self.last is not None and self.last.coasting:
            site.off = True


@dataclass(frozen=True, slots=True)
class _Switch:
    """Switches a site on or off: those in ``wanted`` are on although they touch nothing shared, all of them are where
    they are ``hidden``, and those that are ``shown`` or ``polled``; a ``precise`` run needs all accesses and the calls
    in ``wanted``.
    """

    wanted: Set[str] = frozenset()
    hidden: bool = False
    precise: bool = False
    all_accesses: bool = False
    shown: Set[Site] = frozenset()
    polled: Set[Site] = frozenset()

    def __call__(self, site: Site) -> None:
        site.off = not (site.contended or site.key in self.wanted or self.hidden or site in self.shown)
        if site in self.polled:
            site.off = False
        if self.precise and site.kind != STEP:
            site.off = False
        if self.all_accesses:
            site.off = site.kind == STEP
