"""One explored run: greenlets as workers of an execution, and a strategy that chooses among those that are ready."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from ....instrument.sites import Site
from ....runtime.control import identity
from ....runtime.ending import outcome_of
from ....runtime.execution import Execution
from ....runtime.worker import Worker
from ....schedules.directives import Replay
from ....state import STATE
from ....strategies.base import Strategy
from ....trace.outcome import Blocked, Died, Outcome, Row, Switch
from ..deadlock import blocked, deaths
from ..held import Held
from ..kernel import native_threads
from ..lifecycle import Lives, where_parked
from ..places import is_machinery
from ..repeat import kill
from .clocks import Clocks
from .loop import Entry, ExploredLoop
from .opened import RECORDER
from .told import GIVES_WAY

HUB = "hub"


class GaveUp(BaseException):
    """Ends a run that cannot be judged."""


@dataclass(frozen=True, slots=True)
class Mode:
    """How a run is made.

    ``serial``: one greenlet after the other, ``serving``: but for those that serve the others, ``reverse``: the last
    first. ``patience`` and ``cap`` in seconds: how
    long to wait for further I/O before any is handled, and how long the run may take. ``real_time`` from the beginning;
    unless ``real_allowed`` the run is given up where it becomes so. ``variant`` varies the ``random`` module.
    """

    serial: bool = False
    serving: bool = False
    reverse: bool = False
    patience: float = 0.0
    real_time: bool = False
    real_allowed: bool = True
    variant: int = 0
    recording: bool = False
    cap: float = 10.0


class OrderRun(Execution):
    """The execution that the hooks of instrumented code report to; the hub's loop asks it what comes next."""

    def __init__(
        self, strategy: Strategy, number: int, mode: Mode, sites: Iterable[Site], harmless: Container[Any],
        clocks: Clocks,
    ) -> None:  # fmt: skip
        super().__init__(strategy, number, recording=mode.recording, sites=sites, harmless=harmless)
        self.releases = False
        self.light = not mode.recording
        self.clocks = clocks
        self.lives = Lives(tells=True)  # the repeats have shown it
        self.known: dict[Any, Worker | None] = {}
        self.held = Held()
        self.left = self.main
        self.hub: Any = None
        self.loop: Any = None
        self.decisions: list[tuple[int, int]] = []
        self.used_random = False
        self.unjudged = ""
        self.main.path = "0"
        self.workers.append(self.main)
        strategy.begin(number)

    # -- what instrumented code reports

    def announce(self, worker: Worker, site: Site, loc: Any, write: bool) -> None:
        """Count the access; a greenlet gives way where it waits, and nowhere else."""
        self.steps += 1
        counts = worker.counts
        worker.occurrence = counts[site] = counts.get(site, 0) + 1

    def coast(self) -> None:
        """Let the rest of the run go by, but not where it is recorded: the failure to be told of may come later."""
        if self.light:
            super().coast()

    # -- who runs

    def traced(self, event: str, arguments: Any) -> None:
        """Follow a switch from one greenlet to another (``greenlet.settrace``)."""
        origin, target = arguments
        leaving = self.known.get(origin)
        if leaving is not None:
            self.left = leaving
            leaving.done = bool(origin.dead)
            leaving.thread = origin
            if self.rows is not None and not leaving.done:
                self._note_wait(leaving, origin)
        worker = self.worker_of(target)
        STATE.worker = worker  # type: ignore[assignment]
        STATE.ident = identity() if worker is not None else 0

    def worker_of(self, greenlet: Any) -> Worker | None:
        """Return the worker that stands for ``greenlet``; None for the hub and for greenlets not gevent's."""
        if greenlet in self.known:
            return self.known[greenlet]
        if greenlet is self.hub:
            return None
        path = self.lives.name_of(greenlet)
        worker = None
        if path != "?":
            worker = Worker(path, len(self.workers), None)
            self.workers.append(worker)
        self.known[greenlet] = worker
        return worker

    def _note_wait(self, worker: Worker, greenlet: Any) -> None:
        path, line, call = where_parked(greenlet)
        if path and not is_machinery(path) and self.rows is not None:
            self.rows.append(Row(worker.path, path, line, GIVES_WAY, call, "", "", self.steps))

    # -- what comes next

    def choose(self, entries: Sequence[Entry]) -> int:
        """Let the strategy choose among what is ready; the first is what gevent would take."""
        candidates: list[Worker] = []
        indexes: list[int] = []
        for index, entry in enumerate(entries):
            worker = self._candidate(entry)
            if all(worker.path != other.path for other in candidates):
                candidates.append(worker)
                indexes.append(index)
        if len(candidates) < 2:
            return 0
        left = self.left
        left.parks += 1  # what a directive refers to: choices that follow one another have numbers of their own
        step = len(self.decisions) + 1
        chosen: Any = self.strategy.pick(candidates, None, step, left)
        picked = candidates.index(chosen)
        self.decisions.append((len(candidates), picked))
        self.switches.append(Switch(self.steps, left.path, "", left.parks, chosen.path, True, picked > 0, left.done))
        return indexes[picked]

    def _candidate(self, entry: Entry) -> Worker:
        """Return the worker that ``entry`` lets go on, or one that stands for the hub's own business."""
        owner = getattr(entry.callback, "__self__", None)
        from .timers import VirtualTimer
        from .watchers import HeldWatcher

        kind = HUB
        if isinstance(owner, (VirtualTimer, HeldWatcher)):
            kind = "timer" if isinstance(owner, VirtualTimer) else "io"
            args = owner.args or ()
            owner = getattr(owner.callback, "__self__", None)
            if hasattr(owner, "_on_expiration") and args:
                owner = args[0]
        greenlet = getattr(owner, "greenlet", owner)
        worker = self.worker_of(greenlet) if hasattr(greenlet, "gr_frame") else None
        if worker is not None:
            return worker
        number = sum(1 for w in self.known.values() if w is None)
        return Worker(f"{kind}{number if kind == 'io' else ''}", -1, None)

    def forget(self) -> None:
        """Let go of the program's greenlets."""
        self.lives.forget()
        self.known.clear()
        for worker in self.workers:
            worker.thread = None

    def give_up(self, reason: str) -> None:
        """End a run that cannot be judged; called in the hub."""
        if not self.unjudged:
            self.unjudged = reason
            self.lives.main.throw(GaveUp(reason))


@contextmanager
def _followed(run: OrderRun, mode: Mode) -> Iterator[None]:
    """Put the run between the hub and its loop, and everything back afterwards."""
    import gevent
    import greenlet

    hub = gevent.get_hub()
    real = hub.loop
    threads = native_threads()
    run.hub = hub
    run.loop = loop = ExploredLoop(
        real, run.choose, serial=mode.serial, serving=mode.serving, reverse=mode.reverse, patience=mode.patience,
        real_time=mode.real_time, real_allowed=mode.real_allowed, outside=_alarm_or_threads(threads),
        give_up=run.give_up,
    )  # fmt: skip
    if mode.recording:
        RECORDER.install()
    run.lives.start()
    run.known[greenlet.getcurrent()] = run.main
    run.main.thread = greenlet.getcurrent()
    previous = greenlet.settrace(run.traced)
    hub.loop = loop
    STATE.run, STATE.worker, STATE.ident = run, run.main, identity()
    try:
        with run.clocks.virtual(loop.looked_at):
            yield
    finally:
        greenlet.settrace(previous)
        STATE.run = STATE.worker = None  # type: ignore[assignment]
        STATE.ident = 0
        run.lives.stop()
        run.strategy = Replay(())
        for life in run.lives.living():
            life.left = True
        kill(life.greenlet for life in run.lives.living())
        loop.close()
        hub.loop = real


def _alarm_or_threads(threads: int) -> Callable[[], bool]:
    """Return what says whether an alarm has been set or a native thread started since now."""
    import signal

    alarmed = bool(signal.getitimer(signal.ITIMER_REAL)[0])

    def outside() -> bool:
        return native_threads() > threads or (not alarmed and bool(signal.getitimer(signal.ITIMER_REAL)[0]))

    return outside


def run_order(run: OrderRun, mode: Mode, body: Callable[[], Any], seed: int) -> Outcome:
    """Run ``body`` once under ``run`` and return how it ended; raise KeyboardInterrupt and pytest's own exits only."""
    import gevent
    from gevent.exceptions import LoopExit

    limit = gevent.Timeout(mode.cap, ref=False)
    error: BaseException | None = None
    stuck: tuple[Blocked, ...] = ()
    died: tuple[Died, ...] = ()
    random.seed(seed + mode.variant)
    state = random.getstate()
    limit.start()
    try:
        # What the program warns of has been reported by the repeats.
        with warnings.catch_warnings(record=True), _followed(run, mode):
            try:
                body()
                gevent.sleep(0)
                gevent.sleep(0)
            except LoopExit as stopped:
                stuck = blocked(run.lives, stopped.__traceback__, run.held)
                died = deaths(run.lives, stuck)
                if not stuck:
                    error = stopped
            except GaveUp:
                pass
            except gevent.Timeout as expired:
                if expired is limit:
                    run.unjudged = f"it takes longer than {mode.cap:.1f} s"
                else:
                    error = expired
            except KeyboardInterrupt:
                raise
            except BaseException as raised:
                error = raised
            run.used_random = random.getstate() != state
    finally:
        limit.close()
    outcome = outcome_of(run, error)
    if stuck:
        outcome = replace(outcome, stuck=stuck, died=died, error=None)
    if run.unjudged:
        outcome = replace(outcome, timed_out=run.unjudged)
    return outcome
