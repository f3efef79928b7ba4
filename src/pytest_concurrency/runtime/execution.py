"""One execution: one program, one schedule, one worker running at a time.

The baton is a lock per worker: the worker that announces an operation and is not chosen releases the chosen one's
lock and waits for its own. Real locks stay real; a worker that would block is parked instead.
"""

from __future__ import annotations

import threading
from _thread import allocate_lock, get_ident
from collections.abc import Callable, Container, Iterable, Iterator
from random import Random
from typing import TYPE_CHECKING, Any

from ..instrument.sites import CALL, METHOD, WITH, Site
from ..realtime import RealTime
from ..state import STATE
from ..strategies.base import EARLY, NEVER, Strategy
from ..trace.outcome import Blocked, Died, LostUpdate, Outcome, Row, Switch
from ..trace.workers import TEST
from .clock import VirtualClock
from .ending import drain, give_up, outcome_of, release_leftovers
from .fairness import Fairness, draw, let_waiters_go_on, next_turn, take_turns
from .interrupting import contained
from .location import Location
from .outside import Outside, listen
from .outside_calls import await_turn, has_baton
from .outsiders import Outsiders
from .polling import POLL_CHECK, REVIEW_STEPS, SPIN_AGAIN, SPIN_LIMIT, PollingState, review, spin, yield_of_polling
from .standstill import JUMPS_ASK, advance_clock, fail_stuck, first_due, should_idle
from .timeouts import early_candidates, early_timeouts, end_wait
from .waits import SleepWait
from .worker import Abandon, Detached, Wait, Worker

if TYPE_CHECKING:
    from .recorder import Recorder

TIMES_KEPT = 16
"""Of one worker's accesses at one site to one location under the same locks, so many are told apart."""
SATURATION = 3_000
"""Accesses at one site in an observing run after which the site is silent until the next switch."""
PATIENCE_SHARE = 0.5
"""Part of a run's ``timeout`` that timed waits may spend in real time while a worker is in such a call."""


class Execution:
    """One controlled run.

    ``strategy`` chooses, ``number`` counts runs, ``observing`` records who accesses what, ``recording`` keeps a row for
    everything that happens, ``timeout`` is in real seconds, ``outsiders`` knows the threads that no run controls. After
    ``horizon`` operations, or when a lost update was seen, the run coasts: ``sites`` are silent and nothing is decided
    that need not be. ``harmless`` are (read site, write site, worker) of updates whose loss changes nothing. With
    ``explore_timeouts`` a sampling strategy may let timed waits end early. ``kept``, where it is a dictionary, keeps
    what is accessed alive while observing, so that no two objects of one run have the same identity.
    """

    def __init__(
        self,
        strategy: Strategy,
        number: int = 1,
        *,
        observing: bool = False,
        recording: bool = False,
        timeout: float = 10.0,
        max_steps: int = NEVER,
        horizon: int = NEVER,
        sites: Iterable[Site] = (),
        harmless: Container[tuple[str, str, str]] = (),
        outsiders: Outsiders | None = None,
        explore_timeouts: bool = False,
    ) -> None:
        # what is asked of the run
        self.strategy = strategy
        self.number = number
        self.observing = observing
        self.explore_timeouts = explore_timeouts
        self.max_steps = max_steps
        self.horizon = horizon
        self.sites = sites
        self.harmless = harmless
        self.timeout = timeout
        self.deadline = RealTime.monotonic() + timeout
        self.outsiders = outsiders if outsiders is not None else Outsiders()
        self.precise: Any = strategy if getattr(strategy, "precise", False) else None
        self.sleepless = bool(getattr(strategy, "sleepless", False))
        self.releases = bool(getattr(strategy, "releases", False))
        self.light = not (observing or recording or self.releases)
        # what it records
        self.recorder: Recorder | None = None
        self.kept: dict[Any, object] | None = None
        self.rows: list[Row] | None = [] if recording else None
        self.kept_rows: list[Row] = []  # those before :meth:`freeze`
        self.switches: list[Switch] = []
        self.journal: list[tuple[Any, str, Site, int, bool]] | None = None
        self.values: list[tuple[str, str]] = []
        self.locations: dict[Any, Location] = {}
        self.unknown: set[Site] = set()  # sites that used something whose class may do anything
        # acquires under other locks: worker, site, its occurrence, the locks held, the lock wanted
        self.nested: list[tuple[str, str, int, frozenset[int], int]] = []
        # its workers, and who has the baton
        self.workers: list[Worker] = []
        self.main = Worker(TEST, 0, None)
        self.live = 1  # workers that have not ended
        self.by_ident: dict[int, Worker] = {}  # by the thread's identifier
        self.threads: dict[int, Worker] = {}  # by the id() of the Thread
        self.handles: dict[int, tuple[Any, Worker]] = {}  # by the id() of the thread's handle, which it keeps alive
        self.current: Worker | None = None
        self.taken_up = True  # False: the baton is on its way to ``current``, whose thread has not woken up yet
        self.mutex = allocate_lock()
        # locks and signals, by the id() of the lock or of what was signalled
        self.owners: dict[int, tuple[Worker, Any, Site | None]] = {}  # who took the lock, the lock itself, and where
        self.user_locks: set[int] = set()  # those that the code under test uses itself
        self.signals: dict[int, str] = {}  # the worker that signalled last
        self.tries = 0  # failed ones in a row, at locks that nobody waits for
        # operations: how many, since when without progress, and when to ask the strategy again
        self.steps = 0
        self.progress = 0
        self.spins = 0
        self.spin_again = SPIN_AGAIN
        self.jumps = 0
        self.next_decision = 0
        self.asked_at = 0
        self.look_at = POLL_CHECK
        # workers that poll
        self.polling = PollingState()
        self.outside = Outside()
        self.opened: frozenset[Site] = frozenset()  # sites switched on to find out whether a worker polls there
        self.polled: set[Site] = set()  # sites at which one polls what no others touch
        self.saturated: list[Site] = []
        self.silenced = False
        self.fairness = Fairness(max_steps, Random(number))
        # virtual time
        self.clock = VirtualClock()
        self.early = early_timeouts(strategy, self.clock, number, explore_timeouts)
        self.timed_waits = False
        # a baton that lies idle while somebody is in a call outside the engine's control
        self.idle = False
        self.idle_since = 0.0
        self.idle_timed = False
        self.patience = timeout * PATIENCE_SHARE
        # what it has come to
        self.lost: list[LostUpdate] = []
        self.unseen: list[tuple[str, BaseException]] = []
        self.external: list[tuple[str, str, int]] = []
        self.failed_at = 0
        self.coasting = False
        self.uses_thread_locals = False
        self.aborting = ""
        self.stuck: tuple[Blocked, ...] = ()
        self.died: tuple[Died, ...] = ()
        self.failed_tasks: list[tuple[str, Any]] = []  # futures that were given an exception, and by whom
        self.leaked: tuple[Blocked, ...] = ()
        self.livelock = ""
        self.timed_out = ""
        # its end
        self.failed = False  # the body raised
        self.draining = False
        self.drain_end = 0.0

    # -- the life of a run

    def run(self, body: Callable[[], Any]) -> Outcome:
        """Run ``body`` on the calling thread as the worker "main", with everything that it starts; never raises what
        the body raises, but hands on KeyboardInterrupt and what a signal's handler raises meanwhile."""
        main = self.main
        main.ident = get_ident()
        main.native_id = threading.get_native_id()
        main.started = True
        self.workers.append(main)
        self.by_ident[main.ident] = main
        self.outsiders.begin({main.ident})
        self.clock.begin()
        self.strategy.begin(self.number)
        if self.precise is not None:
            self.precise.attach(self.workers)
        error: BaseException | None = None
        STATE.run, STATE.worker = self, main
        self.current = main
        STATE.ident = main.ident
        try:
            _, error = contained(main, body)
            if main.external and not isinstance(error, KeyboardInterrupt):
                await_turn(self)
            if error is not None and (self.current is not main or isinstance(error, KeyboardInterrupt)):
                raise error  # a signal's handler raised it, perhaps while another worker has the baton
            self.failed = error is not None
            try:
                drain(self)
            except Abandon:
                pass
        except BaseException:
            give_up(self, "interrupted")
            raise
        finally:
            STATE.ident = 0
            STATE.run = STATE.worker = None  # type: ignore[assignment]
            release_leftovers(self)
        return outcome_of(self, error)

    def observe(self, worker: Worker, site: Site, loc: Any, write: bool, accessed: object = None) -> None:
        """Note for :mod:`..explore.contention` who accessed the location ``loc``, after what and under which locks."""
        if self.kept is not None and accessed is not None:
            self.kept[loc] = accessed
        location = self.locations.get(loc)
        if location is None:
            location = self.locations[loc] = Location()
        key = worker.key
        part = key if key != loc and key is not None and key[0] == loc[0] else None
        times = location.accesses.setdefault((site, worker.tag(write), part), [])
        if len(times) < TIMES_KEPT:
            times.append(worker.occurrence)
        site.seen = True
        self.passed(site)

    def passed(self, site: Site) -> None:
        """Count a passing of ``site``: one that is passed very often is silent until the next switch."""
        site.hits += 1
        computes = self.spin_again > SATURATION  # or it may spin, which is to be seen
        if site.hits > SATURATION and self.precise is None and (computes or self.steps - self.progress < SATURATION):
            site.off = True
            self.saturated.append(site)
            self.silenced = True

    # -- decisions

    def announce(self, worker: Worker, site: Site, loc: Any, write: bool) -> None:
        """Say what ``worker`` is about to do; returns when it may do it. Called by the worker itself."""
        worker.site = site
        worker.loc = loc
        worker.write = write
        self.steps = step = self.steps + 1
        counts = worker.counts
        worker.occurrence = counts[site] = counts.get(site, 0) + 1
        if write:
            self.progress = step
            self.spins = self.jumps = 0
        elif step - self.progress > (self.spin_again if self.spins else SPIN_LIMIT):
            spin(self, worker)
        if step >= self.next_decision:
            self._decide(worker)

    def enabled(self) -> list[Worker]:
        """Return the workers that can go on, in the order of their creation."""
        return [
            w for w in self.workers
            if not w.done and not w.external and (w.wait is None or w.timed_out or w.wait.ready())
        ]  # fmt: skip

    def _decide(self, worker: Worker) -> None:
        if self.aborting:
            self.next_decision = self.steps + 10_000
            if worker is not self.main or (self.timed_out and not self.draining):
                raise Abandon
            return
        if self.opened and self.steps >= self.look_at:
            self.look_at = self.steps + REVIEW_STEPS
            review(self, worker)
        elif self.steps >= self.look_at:
            self.look_at = self.steps - self.steps % POLL_CHECK + POLL_CHECK
            if self.live > 1 and self.steps <= self.fairness.after:
                if yield_of_polling(self, worker) or let_waiters_go_on(self, worker, POLL_CHECK):
                    return
        if self.steps < self.asked_at:
            self.next_decision = min(self.asked_at, self.look_at)
            return
        if self.steps > self.horizon:
            self.coast()
            return
        if self.precise is not None and (len(self.workers) == 1 or _is_silent(worker)):
            return
        enabled = self.enabled()
        early = early_candidates(self) if self.early is not None else ()
        chosen: Any = worker
        if self.steps > self.fairness.after:
            chosen, early = take_turns(self), ()
        elif len(enabled) > 1 or early or self.precise is not None:
            chosen = self.strategy.pick([*enabled, *early] if early else enabled, worker, self.steps)
        self._plan()
        if chosen is not worker:
            self.log(worker, chosen, forced=False, chosen=True, early=bool(early) and end_wait(self, chosen))
            self.switch(worker, chosen)

    def _plan(self) -> None:
        """Work out at which operation the strategy has to be asked again."""
        if self.steps > self.fairness.after:
            self.next_decision = self.asked_at = min(next_turn(self), self.horizon + 1)
            return
        self.asked_at = min(self.strategy.quiet_until(self.steps), self.horizon + 1, self.fairness.after + 1)
        self.next_decision = min(self.asked_at, self.look_at)

    def coast(self) -> None:
        """Let the rest of the run go by: what it was to show is shown."""
        self.coasting = True
        self.failed_at = self.failed_at or self.steps
        self.asked_at = NEVER
        self.next_decision = self.look_at
        self.freeze()
        self.saturated = [site for site in self.all_sites() if not site.off]
        for site in self.all_sites():
            site.off = True

    def all_sites(self) -> Iterator[Site]:
        """Yield the sites of the code in scope and of the builtins it calls."""
        yield from self.sites
        yield from tuple(STATE.places.sites())

    def freeze(self) -> None:
        """Keep the rows recorded so far and record no more."""
        if self.rows is not None:
            self.kept_rows, self.rows = self.rows, None

    def enabled_or_due(self) -> list[Worker]:
        """Return the workers that can go on, with those whose time has come."""
        for w in self.workers:
            if w.wait is not None and w.wait.deadline is not None and w.wait.deadline <= self.clock.now:
                w.timed_out = True
        return self.enabled()

    def log(self, worker: Worker, to: Worker, forced: bool, chosen: bool, early: bool = False) -> None:
        """Note a switch: ``forced`` because the worker could not go on, ``chosen`` by the strategy among several."""
        key, occurrence = "", worker.parks
        if not forced and worker.site is not None:
            key, occurrence = worker.site.key, worker.occurrence
        path = to.path + EARLY if early else to.path
        self.switches.append(Switch(self.steps, worker.path, key, occurrence, path, forced, chosen, worker.done))

    def switch(self, worker: Worker, chosen: Worker) -> None:
        """Hand the baton from ``worker`` to ``chosen`` and wait until it comes back."""
        with self.mutex:
            was_lost = worker.external
            if has_baton(self, worker):
                if was_lost and chosen not in self.enabled():
                    return  # the choice was made before the baton was lost and found again
                self.resume(chosen)
        worker.gate.acquire()
        self.resumed(worker)

    def resume(self, chosen: Worker) -> None:
        """Hand the baton to ``chosen``; called with the mutex held, by whoever has the baton or finds it idle."""
        self.end_idling()
        chosen.last_run = self.steps
        self.current = chosen
        self.taken_up = False
        if self.saturated and not self.coasting:
            for site in self.saturated:
                site.off = False
                site.hits = 0
            self.saturated.clear()
        STATE.worker = chosen
        STATE.ident = chosen.ident
        chosen.gate.release()

    def resumed(self, worker: Worker) -> None:
        """Called by ``worker`` when it has got the baton; raise :class:`Abandon` where the run is given up."""
        self.taken_up = True
        STATE.worker = worker
        STATE.ident = worker.ident
        if self.aborting and not (worker is self.main and self.draining):
            raise Abandon
        if self.outside.listening:
            listen(self, worker)

    # -- blocking

    def park(self, worker: Worker, wait: Wait) -> bool:
        """Wait without running until ``wait`` is over; return False where its deadline came first."""
        if self.aborting and worker is not self.main:
            raise Abandon
        worker.wait = wait
        worker.timed_out = False
        worker.parks += 1
        if wait.deadline is not None:
            self.timed_waits = True
        try:
            while True:
                chosen: Worker | None = None
                with self.mutex:
                    if has_baton(self, worker):
                        chosen = self.successor(worker)
                        if chosen is not worker and chosen is not None:
                            self.resume(chosen)
                if chosen is not worker:
                    worker.gate.acquire()
                    if worker.resident is not None:
                        raise Detached(worker.resident)
                    self.resumed(worker)
                if worker.timed_out and not wait.ready():
                    self.clock.advance_to(wait.deadline or 0.0)
                    if self.jumps > JUMPS_ASK:
                        listen(self, worker)
                    return False
                if wait.ready() or (worker is self.main and self.draining):
                    return True
                if self.aborting:
                    raise Abandon
        finally:
            worker.wait = None
            worker.timed_out = False

    def successor(self, leaving: Worker | None) -> Worker | None:
        """Choose who goes on when ``leaving`` cannot; None where the baton has to lie idle for a while."""
        while True:
            if self.aborting:
                return self._abort_target(leaving)
            enabled = self.enabled()
            if self.draining and self.main in enabled:
                return self.main
            if self.sleepless and leaving is not None and isinstance(leaving.wait, SleepWait):
                self.clock.advance_to(leaving.wait.deadline or 0.0)
                leaving.timed_out = True
                return leaving
            if enabled:
                chosen: Any = enabled[0]
                early = early_candidates(self) if self.early is not None else ()
                if self.steps > self.fairness.after:
                    chosen, early = draw(self, enabled), ()
                elif (len(enabled) > 1 or early or self.precise is not None) and not self.coasting:
                    chosen = self.strategy.pick([*enabled, *early] if early else enabled, None, self.steps, leaving)
                    self._plan()
                ends = bool(early) and end_wait(self, chosen)
                other = ends or chosen is not enabled[0]
                if leaving is not None and (other or chosen is not leaving):  # it may itself be due again at once
                    self.log(leaving, chosen, forced=True, chosen=other, early=ends)
                return chosen  # type: ignore[no-any-return]
            first = first_due(self)
            if should_idle(self, first):
                self.idle = True
                return None
            self.end_idling()
            if first is not None:
                advance_clock(self, first)
            else:
                fail_stuck(self)

    def end_idling(self) -> None:
        """Somebody goes on: what a timed wait lay idle is taken off the patience left."""
        if self.idle_since and self.idle_timed:
            self.patience -= RealTime.monotonic() - self.idle_since
        self.idle_since = 0.0

    def _abort_target(self, leaving: Worker | None) -> Worker:
        if leaving is not None and leaving is not self.main and not leaving.done:
            return leaving
        return self.main


def _is_silent(worker: Worker) -> bool:
    """Say whether the announced access is of something that workers do not share, and no synchronisation."""
    site = worker.site
    if site is None or site.contended or site.kind in (WITH, CALL):
        return False
    return not (site.kind == METHOD and worker.loc[1] in ("lock", "queue", "call"))
