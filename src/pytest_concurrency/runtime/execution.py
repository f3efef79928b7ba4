"""One execution: one program, one schedule, one worker running at a time.

The baton is a lock per worker: the worker that announces an operation and is not chosen releases the chosen one's
lock and waits for its own. Real locks stay real; a worker that would block is parked instead.
"""

from __future__ import annotations

import threading
import time
from _thread import allocate_lock, get_ident
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..instrument.sites import CALL, METHOD, WITH, Site
from ..strategies.base import EARLY, NEVER, Strategy
from .clock import VirtualClock
from .leftovers import let_go
from .location import Location
from .outsiders import Outsiders, Resident, end_quietly
from .polling import POLL_CHECK, SPIN_AGAIN, SPIN_LIMIT, spin, yield_of_polling
from .standstill import blocked, first_due, idle_in_pool, in_a_call, should_idle
from .state import STATE
from .timeouts import early_timeouts
from .trace import Blocked, LostUpdate, Outcome, Row, Switch
from .waits import JoinWait, SleepWait
from .worker import MAIN, Abandon, Detached, Wait, Worker

if TYPE_CHECKING:
    from .recorder import Recorder

SATURATION = 3_000
"""Accesses at one site in an observing run after which the site is silent until the next switch."""
JUMPS_LIMIT = 20_000
"""Clock jumps without any write before polling workers count as a livelock."""
DRAIN_SECONDS = 1.0
"""Virtual seconds that threads have to end by themselves after the test's body has ended."""
FAIR_FACTOR = 20
"""How often the length that a run should have at the most it may have in fair turns before it is a livelock."""
FAIR_TURN = 100
"""Operations of a turn when a run that is too long goes on in fair turns."""
PATIENCE_SHARE = 0.5
"""Part of a run's ``timeout`` that timed waits may spend in real time while a worker is in such a call."""
TOGETHER = 0.001
"""Virtual seconds within which deadlines count as one moment: whoever waits for them may wake in any order."""
UNWIND_SECONDS = 2.0
"""Real seconds that one worker has to unwind when a run is given up."""


class Execution:
    """One controlled run.

    ``strategy`` chooses, ``number`` counts runs, ``observing`` records who accesses what, ``recording`` keeps a row
    for everything that happens, ``timeout`` is in real seconds, ``outsiders`` knows the threads that no run controls.
    After ``horizon`` operations, or when a lost update was seen, the run coasts: ``sites`` are silent and nothing is
    decided that need not be. ``harmless`` are (read site, write site, worker) of updates whose loss changes nothing.
    With ``explore_timeouts`` a sampling strategy may let timed waits end early. ``kept``, where it
    is a dictionary, keeps what is accessed alive while observing, so that no two objects of one run have the same
    identity.
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
        self.strategy = strategy
        self.number = number
        self.observing = observing
        self.precise: Any = strategy if getattr(strategy, "precise", False) else None
        self.sleepless = bool(getattr(strategy, "sleepless", False))
        self.releases = bool(getattr(strategy, "releases", False))
        self.user_locks: set[int] = set()
        self.light = not (observing or recording or self.releases)
        self.recorder: Recorder | None = None
        self.kept: dict[Any, object] | None = None
        self.rows: list[Row] | None = [] if recording else None
        self.kept_rows: list[Row] = []
        self.clock = VirtualClock()
        self.early = early_timeouts(strategy, self.clock, number, explore_timeouts)
        self.explore_timeouts = explore_timeouts
        self.timed_waits = False
        self.workers: list[Worker] = []
        self.by_ident: dict[int, Worker] = {}
        self.current: Worker | None = None
        self.taken_up = True  # False: the baton is on its way to ``current``, whose thread has not woken up yet
        self.steps = 0
        self.progress = 0
        self.spins = 0
        self.jumps = 0
        self.next_decision = 0
        self.max_steps = max_steps
        self.horizon = horizon
        self.sites = sites
        self.harmless = harmless
        self.coasting = False
        self.failed_at = 0
        self.switches: list[Switch] = []
        self.locations: dict[Any, Location] = {}
        self.owners: dict[int, tuple[Worker, Any, Site | None]] = {}
        self.signals: dict[int, str] = {}
        self.handles: dict[int, tuple[Any, Worker]] = {}
        self.threads: dict[int, Worker] = {}
        self.tries = 0
        self.live = 1
        self.unknown: set[Site] = set()
        self.nested: list[tuple[str, str, int, frozenset[int], int]] = []
        self.lost: list[LostUpdate] = []
        self.unseen: list[tuple[str, BaseException]] = []
        self.values: list[tuple[str, str]] = []
        self.journal: list[tuple[Any, str, Site, int, bool]] | None = None
        self.external: list[tuple[str, str, int]] = []
        self.postures: dict[object, int] = {}
        self.asked_at = 0
        self.look_at = POLL_CHECK
        self.polls = 0
        self.turn = -1
        self.turn_postures: dict[object, int] = {}
        self.saturated: list[Site] = []
        self.silenced = False
        self.aborting = ""
        self.stuck: tuple[Blocked, ...] = ()
        self.leaked: tuple[Blocked, ...] = ()
        self.livelock = ""
        self.timed_out = ""
        self.draining = False
        self.drain_end = 0.0
        self.idle = False
        self.idle_since = 0.0
        self.idle_timed = False
        self.patience = timeout * PATIENCE_SHARE
        self.mutex = allocate_lock()
        self.deadline = time.monotonic() + timeout
        self.timeout = timeout
        self.outsiders = outsiders if outsiders is not None else Outsiders()
        self.uses_thread_locals = False
        self.main = Worker(MAIN, 0, None)
        self.describe_value: Callable[[Any], str] = repr

    # -- the life of a run

    def run(self, body: Callable[[], Any]) -> Outcome:
        """Run ``body`` on the calling thread as the worker "main", with everything that it starts; never raises
        what the body raises, but hands on KeyboardInterrupt and what a signal's handler raises meanwhile."""
        main = self.main
        main.ident = get_ident()
        main.native_id = threading.get_native_id()
        main.started = True
        self.workers.append(main)
        self.by_ident[main.ident] = main
        self.outsiders.begin({main.ident})
        self.strategy.begin(self.number)
        if self.precise is not None:
            self.precise.attach(self.workers)
        error: BaseException | None = None
        STATE.run, STATE.worker = self, main
        self.current = main
        STATE.ident = main.ident
        try:
            try:
                body()
            except Abandon:
                pass
            except BaseException as caught:
                error = caught
            if error is not None and (self.current is not main or isinstance(error, KeyboardInterrupt)):
                raise error  # a signal's handler raised it, perhaps while another worker has the baton
            try:
                self._drain()
            except Abandon:
                pass
        except BaseException:
            self._give_up("interrupted")
            raise
        finally:
            STATE.ident = 0
            STATE.run = STATE.worker = None  # type: ignore[assignment]
            self._release_leftovers()
        return self._outcome(error)

    def _drain(self) -> None:
        """Let the threads that the body left behind end; what then remains is leaked (or a daemon)."""
        self.draining = True
        self.drain_end = self.clock.now + DRAIN_SECONDS
        rest = [w for w in self.workers if w is not self.main and not w.done]
        if rest and not self.aborting:
            self.park(self.main, JoinWait([w for w in rest if not w.daemon], None))
        if any(not w.done for w in self.workers if w is not self.main):
            self._give_up(self.aborting or "over")

    def _give_up(self, reason: str) -> None:
        """Unwind every other worker, one at a time; called on the main thread while it holds the baton."""
        self.aborting = self.aborting or reason
        if self.current is not self.main:
            self.next_decision = 0
            self.main.gate.acquire(timeout=UNWIND_SECONDS)
        self.next_decision = NEVER
        for worker in self.workers:
            if worker is self.main or worker.done:
                continue
            if worker.external:
                continue
            if reason == "over" and self._outlives(worker):
                self._detach(worker)
            else:
                self._unwind(worker)

    def _outlives(self, worker: Worker) -> bool:
        """Say whether what ``worker`` serves may live on after the run: an executor that was not shut down, or, as far
        as is known, whatever a daemon serves that waits."""
        if worker.wait is None or worker.thread is None:
            return False
        return idle_in_pool(worker) or (worker.daemon and not self.outsiders.is_restarted(worker.entry))

    def _detach(self, worker: Worker) -> None:
        """Let the thread of ``worker`` go on outside the run."""
        entry = None if idle_in_pool(worker) else worker.entry
        worker.resident = self.outsiders.residents[worker.ident] = Resident(worker.ident, entry)
        end_quietly(worker.thread)
        worker.done = True
        self.live -= 1
        self.by_ident.pop(worker.ident, None)
        worker.gate.release()

    def _unwind(self, worker: Worker) -> None:
        main = self.main
        self.current = worker
        STATE.ident = worker.ident
        STATE.worker = worker
        worker.wait = None
        try:
            worker.gate.release()
        except RuntimeError:
            pass
        main.gate.acquire(timeout=UNWIND_SECONDS)
        self.current = main
        STATE.ident = main.ident
        STATE.worker = main

    def _release_leftovers(self) -> None:
        """Free the locks that ended workers still hold, so that the next run does not meet them locked, and let go of
        threads that did not end."""
        for worker, lock, _ in list(self.owners.values()):
            if worker.resident is not None:
                continue
            try:
                if worker is self.main or type(lock) is _LOCK_TYPE:
                    lock.release()
            except RuntimeError:
                pass
        self.owners.clear()
        for worker in self.workers:
            if not worker.done and worker.thread is not None:
                let_go(worker.thread)

    def _outcome(self, error: BaseException | None) -> Outcome:
        switches = tuple(self.switches)
        return Outcome(
            number=self.number,
            steps=self.steps,
            switches=switches,
            preemptions=sum(not s.forced for s in switches),
            error=error,
            stuck=self.stuck,
            livelock=self.livelock,
            lost=tuple(self.lost),
            unseen=tuple(self.unseen),
            leaked=self.leaked,
            timed_out=self.timed_out,
            external=tuple(dict.fromkeys(self.external)),
            rows=tuple(self.rows or self.kept_rows),
            failed_at=self.failed_at or self.steps,
            workers=tuple(w.path for w in self.workers),
            virtual_seconds=self.clock.now,
            failing=tuple(w.path for w in self.workers if w.error is not None),
        )

    def observe(self, worker: Worker, site: Site, loc: Any, write: bool, accessed: object = None) -> None:
        """Note for :mod:`..explore.contention` who did what to a location, after what and under which locks."""
        if self.kept is not None and accessed is not None:
            self.kept[loc] = accessed
        location = self.locations.get(loc)
        if location is None:
            location = self.locations[loc] = Location()
        location.accesses.add((site, worker.tag(write)))
        site.seen = True
        site.hits += 1
        if site.hits > SATURATION and self.precise is None and self.steps - self.progress < SATURATION:
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
        elif step - self.progress > (SPIN_AGAIN if self.spins else SPIN_LIMIT):
            spin(self, worker)
        if step >= self.next_decision:
            self._decide(worker)

    def _enabled(self) -> list[Worker]:
        return [
            w for w in self.workers
            if not w.done and not w.external and (w.wait is None or w.timed_out or w.wait.ready())
        ]  # fmt: skip

    def _decide(self, worker: Worker) -> None:
        if self.aborting:
            self.next_decision = self.steps + 10_000
            if worker is not self.main:
                raise Abandon
            return
        if self.steps >= self.look_at:
            self.look_at = self.steps - self.steps % POLL_CHECK + POLL_CHECK
            if self.live > 1 and self.steps <= self.max_steps and yield_of_polling(self, worker):
                return
        if self.steps < self.asked_at:
            self.next_decision = min(self.asked_at, self.look_at)
            return
        if self.steps > self.horizon:
            self.coast()
            return
        if self.precise is not None and (len(self.workers) == 1 or _is_silent(worker)):
            return
        enabled = self._enabled()
        early = self._early_candidates() if self.early is not None else ()
        chosen: Any = worker
        if self.steps > self.max_steps:
            still = self.steps - max(self.progress, self.max_steps) > self.max_steps
            if still or self.steps > FAIR_FACTOR * self.max_steps:
                self.fail_livelock(
                    f"no end after {self.steps} operations, all but the first {self.max_steps} of them in fair turns"
                )
                raise Abandon
            chosen = min(enabled, key=lambda w: (w.last_run, w.index))
        elif len(enabled) > 1 or early or self.precise is not None:
            chosen = self.strategy.pick([*enabled, *early] if early else enabled, worker, self.steps)
        self._plan()
        if chosen is not worker:
            self.log(worker, chosen, forced=False, chosen=True, early=bool(early) and self._end_wait(chosen))
            self.switch(worker, chosen)

    def _plan(self) -> None:
        """Work out at which operation the strategy has to be asked again."""
        if self.steps > self.max_steps:
            self.next_decision = self.asked_at = min(self.steps + FAIR_TURN, self.horizon + 1)
            return
        self.asked_at = min(self.strategy.quiet_until(self.steps), self.horizon + 1, self.max_steps + 1)
        self.next_decision = min(self.asked_at, self.look_at)

    def coast(self) -> None:
        """Let the rest of the run go by: what it was to show is shown."""
        self.coasting = True
        self.failed_at = self.failed_at or self.steps
        self.asked_at = NEVER
        self.next_decision = self.look_at
        self._freeze()
        self.saturated.clear()
        for site in self.all_sites():
            site.off = True

    def all_sites(self) -> Iterator[Site]:
        """Yield the sites of the code in scope and of the builtins it calls."""
        yield from self.sites
        yield from tuple(STATE.places.sites())

    def _freeze(self) -> None:
        """Keep the rows recorded so far and record no more."""
        if self.rows is not None:
            self.kept_rows, self.rows = self.rows, None

    def enabled_or_due(self) -> list[Worker]:
        """Return the workers that can go on, with those whose time has come."""
        for w in self.workers:
            if w.wait is not None and w.wait.deadline is not None and w.wait.deadline <= self.clock.now:
                w.timed_out = True
        return self._enabled()

    def fail_livelock(self, reason: str) -> None:
        """Give the run up: its workers run without getting anywhere."""
        self._freeze()
        if self.draining:
            self.leaked = tuple(blocked(self, w) for w in self.workers if not (w.done or w.daemon or w is self.main))
        else:
            self.livelock = reason
        self.aborting = "livelock"
        self.next_decision = self.steps + 10_000

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
            if self._has_baton(worker):
                if was_lost and chosen not in self._enabled():
                    return  # the choice was made before the baton was lost and found again
                self._resume(chosen)
        worker.gate.acquire()
        self._resumed(worker)

    def _has_baton(self, worker: Worker) -> bool:
        """Say whether ``worker``, which runs, may hand the baton on: not if the watchdog took it for blocked and gave
        the baton away between its last look at the baton and now. Called with the mutex held."""
        if not worker.external:
            return True
        worker.external = False
        if self.idle:
            self.idle = False
            self._end_idling()
            self.current = worker
            self.taken_up = True
            STATE.worker = worker
            STATE.ident = worker.ident
            return True
        return False

    def _resume(self, chosen: Worker) -> None:
        self._end_idling()
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

    def _resumed(self, worker: Worker) -> None:
        self.taken_up = True
        STATE.worker = worker
        STATE.ident = worker.ident
        if self.aborting and not (worker is self.main and self.draining):
            raise Abandon

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
                    if self._has_baton(worker):
                        chosen = self._next(worker)
                        if chosen is not worker and chosen is not None:
                            self._resume(chosen)
                if chosen is not worker:
                    worker.gate.acquire()
                    if worker.resident is not None:
                        raise Detached(worker.resident)
                    self._resumed(worker)
                if worker.timed_out and not wait.ready():
                    self.clock.advance_to(wait.deadline or 0.0)
                    return False
                if wait.ready() or (worker is self.main and self.draining):
                    return True
                if self.aborting:
                    raise Abandon
        finally:
            worker.wait = None
            worker.timed_out = False

    def _next(self, leaving: Worker | None) -> Worker | None:
        """Choose who goes on when ``leaving`` cannot; None where the baton has to lie idle for a while."""
        while True:
            if self.aborting:
                return self._abort_target(leaving)
            enabled = self._enabled()
            if self.draining and self.main in enabled:
                return self.main
            if self.sleepless and leaving is not None and isinstance(leaving.wait, SleepWait):
                self.clock.advance_to(leaving.wait.deadline or 0.0)
                leaving.timed_out = True
                return leaving
            if enabled:
                chosen: Any = enabled[0]
                early = self._early_candidates() if self.early is not None else ()
                if (len(enabled) > 1 or early or self.precise is not None) and not self.coasting:
                    chosen = self.strategy.pick([*enabled, *early] if early else enabled, None, self.steps, leaving)
                    self._plan()
                ends = bool(early) and self._end_wait(chosen)
                if leaving is not None and (ends or chosen is not leaving):
                    self.log(leaving, chosen, forced=True, chosen=ends or chosen is not enabled[0], early=ends)
                return chosen  # type: ignore[no-any-return]
            first = first_due(self)
            if should_idle(self, first):
                self.idle = True
                return None
            self._end_idling()
            if first is not None:
                self._advance_clock(first)
            else:
                self._fail_stuck()

    def _early_candidates(self) -> Sequence[Worker]:
        """Return the workers whose timed wait the strategy may end now."""
        return () if self.early is None or self.draining or self.coasting else self.early.candidates(self.workers)

    def _end_wait(self, worker: Worker) -> bool:
        """Let the timed wait of ``worker``, which was chosen, end where it is not over; return whether it did."""
        if self.early is None or not self.early.end(worker):
            return False
        if self.rows is not None:
            held_up = blocked(self, worker)
            what = held_up.operation or held_up.waits_for
            self.rows.append(Row(worker.path, held_up.path, held_up.line, "times out:", what, step=self.steps))
        return True

    def _end_idling(self) -> None:
        """Somebody goes on: what a timed wait lay idle is taken off the patience left."""
        if self.idle_since and self.idle_timed:
            self.patience -= time.monotonic() - self.idle_since
        self.idle_since = 0.0

    def _advance_clock(self, first: Worker) -> None:
        """Move the clock to the end of the wait of ``first``."""
        moment: float = first.wait.deadline  # type: ignore[union-attr, assignment]
        self.jumps += 1
        if self.jumps > JUMPS_LIMIT and not in_a_call(self):
            self.fail_livelock("the workers poll, sleep and poll again for a state that nobody changes")
            return
        self.clock.advance_to(moment)
        for w in self.workers:
            if not w.done and w.wait is not None and w.wait.deadline is not None:
                if w.wait.deadline <= moment + TOGETHER:
                    w.timed_out = True

    def _abort_target(self, leaving: Worker | None) -> Worker:
        if leaving is not None and leaving is not self.main and not leaving.done:
            return leaving
        return self.main

    def _fail_stuck(self) -> None:
        self._freeze()
        rows = tuple(blocked(self, w) for w in self.workers if not w.done and w.wait is not None)
        if self.draining:
            self.leaked = tuple(row for row in rows if row.worker != MAIN and not row.daemon and not row.idle_in_pool)
            self.aborting = "over"
        else:
            self.stuck = rows
            self.aborting = "stuck"

    # -- threads

    def spawn(self, parent: Worker, daemon: bool = False) -> Worker:
        """Register a new worker started by ``parent``; it waits for its first turn."""
        path = str(parent.children) if parent is self.main else f"{parent.path}.{parent.children}"
        parent.children += 1
        worker = Worker(path, len(self.workers), parent, daemon)
        self.workers.append(worker)
        self.live += 1
        if self.recorder is not None:
            self.recorder.fork(parent, worker)
        return worker

    def joined(self, waiting: Worker, ended: Worker) -> None:
        """Note that ``waiting`` knows that ``ended`` has ended: what that did is now in its past."""
        waiting.joined(ended)
        if self.recorder is not None:
            self.recorder.joined(waiting, ended)

    def adopt(self, worker: Worker) -> bool:
        """Called on a new worker's own thread: wait for the first turn; False where the run is over already."""
        worker.ident = get_ident()
        worker.native_id = threading.get_native_id()
        self.by_ident[worker.ident] = worker
        worker.gate.acquire()
        self.begin(worker)
        return not self.aborting

    def begin(self, worker: Worker) -> None:
        """Called on a worker's own thread when it has the baton for the first time."""
        self.taken_up = True
        STATE.worker = worker
        STATE.ident = get_ident()
        if not worker.native_id:
            worker.native_id = threading.get_native_id()
        worker.started = True

    def finish(self, worker: Worker) -> None:
        """Called on a worker's own thread when it has ended: hand the baton on."""
        if worker.resident is not None:
            return  # it had left the run
        with self.mutex:
            worker.done = True
            self.live -= 1
            worker.reads.clear()
            self.by_ident.pop(worker.ident, None)
            self.progress = self.steps
            self.spins = 0
            if worker.external and not self.idle:
                worker.external = False
                return
            worker.external = False
            self.idle = False
            if self.aborting:
                self._resume(self.main)
                return
            chosen = self._next(worker)
            if chosen is not None:
                self._resume(chosen)

    def run_callables(self, main: Worker, callables: Sequence[Callable[[], Any]], pool: Any) -> list[Worker]:
        """Run each callable in a worker of its own on threads of ``pool`` and wait for all of them."""
        children = []
        for body in callables:
            worker = self.spawn(main)
            worker.body = body
            children.append(worker)
        for worker in children:
            pool.carry(self, worker)
        self.park(main, JoinWait(children, None))
        for worker in children:
            self.joined(main, worker)
        return children

    # -- what the engine does not control

    def stray(self, ident: int) -> bool:
        """A thread without the baton is at a hook: a worker that came back from a blocking call waits for its turn
        (True: it now has it); any other thread is none of ours (False)."""
        worker = self.by_ident.get(ident)
        if worker is None or worker.done:
            return False
        with self.mutex:
            if not worker.external:
                return False  # a signal's handler, run while the main thread waits for its turn
            worker.external = False
            if self.idle:
                self.idle = False
                self._end_idling()
                self.current = worker
                self.taken_up = True
                STATE.worker = worker
                STATE.ident = ident
                return True
        worker.gate.acquire()
        self._resumed(worker)
        return True

    def come_back(self, ident: int) -> None:
        """The worker on thread ``ident`` stood aside for a moment; it goes on unless another one was let go on."""
        worker = self.by_ident.get(ident)
        with self.mutex:
            if not STATE.ident and STATE.run is self and not (worker is not None and worker.external):
                STATE.ident = ident

    def make_external(self, worker: Worker, path: str, line: int) -> None:
        """Called by the watchdog: ``worker`` holds the baton and blocks in a call that is not controlled."""
        with self.mutex:
            if self.current is not worker or worker.done or self.aborting or not self.taken_up:
                return
            worker.external = True
            self.external.append((worker.path, path, line))
            STATE.ident = 0
            chosen = self._next(None)
            if chosen is not None:
                self._resume(chosen)

    def poke(self) -> None:
        """Called by the watchdog while the baton lies idle: see whether something was released meanwhile."""
        with self.mutex:
            if not self.idle:
                return
            enabled = self.enabled_or_due()
            if self.aborting or enabled or not should_idle(self, first_due(self)):
                self.idle = False
                chosen = self._next(None)
                if chosen is not None:
                    self._resume(chosen)

    def expire(self, reason: str) -> None:
        """Called by the watchdog when the real time of the run is over."""
        if self.aborting or (self.idle and not in_a_call(self) and not self._enabled()):
            return  # nobody can go on, and it was hoped for long enough: poke() says so
        self.timed_out = reason
        self.aborting = "timed out"
        self.next_decision = 0
        for site in self.saturated:
            site.off = False


def _is_silent(worker: Worker) -> bool:
    """Say whether the announced access is of something that workers do not share, and no synchronisation."""
    site = worker.site
    if site is None or site.contended or site.kind in (WITH, CALL):
        return False
    return not (site.kind == METHOD and worker.loc[1] in ("lock", "queue", "call"))


_LOCK_TYPE = type(allocate_lock())
