"""Measures a body that starts its own threads: once as it is, once with each thread waited for as it starts."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from ..interpreter import gil_enabled
from ..realtime import RealTime
from .clocks import idle_processors, idle_seconds, stamp, usage
from .criterion import MIN_ALONE, MIN_SAMPLES, WASTED, cause, counts, decided, fine_below, judge, sigma
from .model import Measurement, Round, Usage
from .rounds import Group, Outcome
from .sampler import SampleCounts, Sampler
from .spawns import Spawn
from .watch import Entry, Log, watch

_TRIES = 5
"""Runs of the body after which threads that never all ran at the same time are given up."""
_SOON = 1e-4
"""Switch interval while a thread is started: the one that starts it queues for the GIL behind those that compute, which
may be over before the last one has begun."""


@dataclass(frozen=True, slots=True)
class OwnThreads:
    """What a body and its threads came to: the measurement, and the log of the first run."""

    measurement: Measurement
    spawns: tuple[Spawn, ...]


class _Stop(Exception):
    def __init__(self, problem: str, outcome: Outcome | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.outcome = outcome


def measure_own(body: Callable[[], object], *, max_seconds: float = 5.0, limit: float | None = None) -> OwnThreads:
    """Run ``body`` in a fresh thread several times and compare its threads as they run with each run alone.

    The workers are the threads that the body's first level starts and that run at the same time. To run them alone,
    each is waited for right after its start; where one does not end, because it waits for what comes later, nothing can
    be measured. ``max_seconds`` and ``limit`` as for :func:`.measure.measure`; nothing is raised.
    """
    end = RealTime.monotonic() + max_seconds
    return _Session(body, end, RealTime.monotonic() + (limit or max(10.0, 3 * max_seconds)), max_seconds).run()


class _Apart(_Stop):
    """The threads did not overlap."""


class _Session:
    def __init__(self, body: Callable[[], object], end: float, limit: float, max_seconds: float) -> None:
        self._body = body
        self._end = end
        self._limit = limit
        self._max_seconds = max_seconds
        self._samples = SampleCounts()
        self._rounds: list[Round] = []
        self._alone: tuple[Usage, ...] = ()
        self._spawns: tuple[Spawn, ...] = ()
        self._waits: list[float] = []

    def run(self) -> OwnThreads:
        problem, outcome = "", None
        try:
            self._measure()
        except _Stop as stop:
            problem, outcome = stop.problem, stop.outcome
        return OwnThreads(self._measurement(problem, outcome), self._spawns)

    def _measurement(self, problem: str = "", outcome: Outcome | None = None) -> Measurement:
        workers = len(self._alone) or (len(self._rounds[0].usages) if self._rounds else 0)
        return Measurement(
            workers=workers,
            gil=gil_enabled(),
            alone=self._alone,
            together=tuple(self._rounds) if self._alone else (),
            profile=self._samples.profile(),
            problem=problem,
            error=outcome.errors[0] if outcome is not None and outcome.errors else None,
            stuck=outcome is not None and outcome.stuck,
        )

    def _measure(self) -> None:
        first = self._first()
        if sum(each.demand for each in first.usages) / len(first.usages) < MIN_ALONE:
            raise _Stop("its threads do too little to be measured")
        self._rounds.append(first)
        runs = [self._run_alone(len(first.usages))]
        if self._fits(runs[0]):
            runs.append(self._run_alone(len(first.usages)))
        self._alone = min(runs, key=lambda run: sum(each.demand for each in run))
        if not counts(first):
            self._rounds.clear()
        for _ in range(5):
            if decided(self._alone, self._rounds):
                break
            if not self._fits(self._alone):
                if not self._rounds:
                    raise _Stop(f"max_seconds={self._max_seconds:g} is too short for the body's threads")
                break
            try:
                seen = self._together()
            except _Apart:
                continue
            if len(seen.usages) != len(self._alone):
                raise _Stop("the body does not start the same threads each time")
            if counts(seen):
                self._rounds.append(seen)
        for _ in range(10):
            # The same threads again, to see more of what they wait for.
            if self._samples.samples >= 4 * MIN_SAMPLES or not self._fits(self._alone):
                break
            if all(sigma(self._alone, each) < fine_below(each) for each in self._rounds):
                break
            with suppress(_Apart):
                self._together()
        if not self._rounds:
            raise _Stop("its threads hardly ran at the same time")
        found = self._measurement()
        if judge(found) == WASTED and cause(found) == "CH201" and self._fits(self._alone):
            with suppress(_Stop):
                self._run_alone(len(first.usages), look=True)

    def _first(self) -> Round:
        for _ in range(_TRIES - 1):
            # On a busy machine the first thread may end before the last one begins.
            with suppress(_Apart):
                return self._together()
        return self._together()

    def _fits(self, usages: tuple[Usage, ...]) -> bool:
        return RealTime.monotonic() + sum(each.wall for each in usages) < self._end

    def _together(self) -> Round:
        logs: list[Log] = []
        sampler = Sampler(lambda: _running(logs))
        sampler.start()
        before, began = idle_seconds(), RealTime.perf_counter()
        try:
            log = self._run(lambda thread: None, logs)
        finally:
            sampler.stop()
        idle = idle_processors(before, idle_seconds(), RealTime.perf_counter() - began)
        self._samples += sampler.profile()
        entries = self._workers(log)
        if not self._waits:
            self._waits = [4 * usage(e.asked, e.ended).wall + 0.2 for e in entries if e.ended]
        starts = [entry.begun.wall for entry in entries if entry.begun is not None]
        ends = [entry.ended.wall for entry in entries if entry.ended is not None]
        shortest = min(end - start for start, end in zip(starts, ends, strict=True))
        overlap = (min(ends) - max(starts)) / shortest if shortest > 0 else 0.0
        usages = tuple(_usage(entry) for entry in entries)
        return Round(usages, (max(ends) - min(starts)) / 1e9, max(0.0, min(1.0, overlap)), idle=idle)

    def _run_alone(self, expected: int, look: bool = False) -> tuple[Usage, ...]:
        """Return what each thread takes alone; ``look``: and see where it spends its time."""
        waiting: list[str] = []

        def wait(thread: threading.Thread) -> None:
            if not waiting:
                threading.Thread.join(thread, max(self._waits))
                if thread.is_alive():
                    waiting.append(thread.name)

        logs: list[Log] = []
        sampler = Sampler(lambda: _running(logs), alone=True) if look else None
        try:
            if sampler is not None:
                sampler.start()
            log = self._run(wait, logs)
        finally:
            if sampler is not None:
                sampler.stop()
                self._samples += sampler.profile()
        if waiting:
            raise _Stop("its threads wait for each other, or for the one that starts them")
        entries = [entry for entry in log.entries if entry.kind == "thread" and entry.ended is not None]
        usages = tuple(_usage(entry) for entry in entries)
        if len(usages) != expected:
            raise _Stop("the body does not start the same threads each time")
        return usages

    def _run(self, after_start: Callable[[threading.Thread], None], logs: list[Log]) -> Log:
        root: list[int] = []
        interval = sys.getswitchinterval()

        def hurry() -> None:
            if threading.get_ident() == root[0]:
                sys.setswitchinterval(min(interval, _SOON))

        def direct(thread: threading.Thread) -> None:
            if threading.get_ident() == root[0]:
                sys.setswitchinterval(interval)
                after_start(thread)

        def watched() -> None:
            root.append(threading.get_ident())
            try:
                with watch(direct, hurry) as log:
                    logs.append(log)
                    self._body()
            finally:
                sys.setswitchinterval(interval)

        group = Group([watched], [1])
        try:
            group.start()
            group.wait(self._limit)
            outcome = group.outcome()
        finally:
            group.close()
        if outcome.errors and self._waits:
            raise _Stop("the body cannot be repeated, or not with its threads one after the other")
        if outcome.errors:
            raise _Stop("the body failed", outcome)
        if outcome.stuck or not logs:
            raise _Stop(f"the body had not ended in time:\n{outcome.stacks}", outcome)
        return logs[0]

    def _workers(self, log: Log) -> list[Entry]:
        if not self._spawns:
            self._spawns = log.spawns
        threads = [entry for entry in log.entries if entry.kind == "thread"]
        if not threads and log.library:
            raise _Stop("its threads are started by the standard library, for an executor say: only watched for CH203")
        if not threads:
            raise _Stop("the body starts no threads")
        spawners = {entry.spawner for entry in threads}
        if len(spawners) > 1 or any(entry.begun is None or entry.ended is None for entry in threads):
            raise _Stop("its threads start threads, or outlive it")
        if len(threads) < 2:
            raise _Stop("the body starts one thread only")
        ends = [entry.ended.wall for entry in threads if entry.ended is not None]
        if max(entry.asked.wall for entry in threads) > min(ends):
            raise _Apart("its threads do not all run at the same time")
        return threads


def _running(logs: list[Log]) -> tuple[int, ...]:
    entries = [entry for log in logs for entry in list(log.entries) if entry.kind == "thread"]
    return tuple(each.ident for each in entries if each.begun is not None and each.ended is None)


def _usage(entry: Entry) -> Usage:
    begun, ended = entry.begun, entry.ended
    return usage(begun, ended) if begun is not None and ended is not None else usage(stamp(), stamp())
