"""Runs workers alone and together, as often as it takes to tell whether running together helps."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ..interpreter import gil_enabled
from ..realtime import RealTime
from .criterion import FINE, MIN_ALONE, MIN_SAMPLES, WASTED, cause, counts, decided, judge
from .model import Measurement, ProcessFigure, Round, Usage
from .processes import in_processes
from .rounds import Body, Group, Outcome, one
from .sampler import SampleCounts, Sampler

MAX_REPEATS = 20_000
"""A body of less than about a microsecond is mostly the call of it, about which nobody asks."""
MAX_DISCARDED = 6
LONG = 0.5
PROFILED = 0.1
PROCESS_RUN = 0.2


def measure(
    bodies: Sequence[Callable[[], object]],
    *,
    max_seconds: float = 5.0,
    limit: float | None = None,
    first: Callable[[Body], object] | None = None,
    processes: bool = True,
) -> Measurement:
    """Run ``bodies`` alone and together in fresh threads and return what it came to.

    Give the same object several times for workers that do the same; it is then measured alone only once. Bodies are
    called many times, until a run takes at least 20 ms. ``max_seconds`` is the budget: no run is begun that would not
    fit into it. ``limit`` is when workers that have not ended count as stuck (seconds in all; default: three times the
    budget, at least 10 s). ``first`` stands in for the very first call of the first body: a watcher. Workers that
    compute are also measured as processes, if the body can be pickled. Nothing is raised for what a body raises: see
    :attr:`Measurement.error` and :attr:`Measurement.problem`.
    """
    if len(bodies) < 2:
        raise ValueError(f"measure() needs at least two bodies, not {len(bodies)}")
    end = limit if limit is not None else max(10.0, 3 * max_seconds)
    return _Session(bodies, max_seconds, end, first, processes).run()


class _Stop(Exception):
    """Nothing more can be measured; carries the reason."""

    def __init__(self, problem: str, outcome: Outcome | None = None, blame: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.outcome = outcome
        self.blame = blame


class _Session:
    """One measurement: budget, calibration, rounds."""

    def __init__(
        self,
        bodies: Sequence[Body],
        max_seconds: float,
        limit: float,
        first: Callable[[Body], object] | None,
        processes: bool,
    ) -> None:
        now = RealTime.monotonic()
        self._bodies = list(bodies)
        self._distinct = list({id(body): body for body in bodies}.values())
        self._end = now + max_seconds
        self._limit = now + limit
        self._max_seconds = max_seconds
        self._first = first
        self._try_processes = processes
        self._repeats = {id(body): 1 for body in self._distinct}
        self._begun = False
        self._best: dict[int, Usage] = {}
        self._rounds: list[Round] = []
        self._discarded = 0
        self._samples = SampleCounts()
        self._processes: ProcessFigure | None = None

    def run(self) -> Measurement:
        try:
            for body in self._distinct:
                self._calibrate(body)
            self._compare()
            if judge(self._measurement()) != FINE:
                self._profile()
            found = self._measurement()
            if judge(found) != WASTED or cause(found) != "CH201":
                return found
            body = max(self._distinct, key=lambda each: self._best[id(each)].cpu)
            self._look_at(body)
            if self._try_processes and len(self._distinct) == 1:
                scale = max(1, math.ceil(PROCESS_RUN / self._best[id(body)].demand))
                self._processes = in_processes(body, found.workers, scale * self._repeats[id(body)], self._end)
        except _Stop as stop:
            return self._measurement(stop)
        return self._measurement()

    def _measurement(self, stop: _Stop | None = None) -> Measurement:
        alone = tuple(self._best[id(body)] for body in self._bodies if id(body) in self._best)
        outcome = stop.outcome if stop is not None else None
        return Measurement(
            workers=len(self._bodies),
            gil=gil_enabled(),
            repeats=self._repeats[id(self._distinct[0])] if len(self._distinct) == 1 else 1,
            alone=alone if len(alone) == len(self._bodies) else (),
            together=tuple(self._rounds),
            profile=self._samples.profile(),
            processes=self._processes,
            problem=stop.problem if stop is not None else "",
            error=outcome.errors[0] if stop is not None and stop.blame and outcome and outcome.errors else None,
            stuck=outcome is not None and outcome.stuck,
        )

    # Alone.

    def _calibrate(self, body: Body) -> None:
        self._repeats[id(body)] = 1
        usage = self._alone(body, very_first=True)
        for _ in range(8):
            if usage.demand >= MIN_ALONE:
                break
            wanted = 1.5 * MIN_ALONE / max(usage.demand, 1e-7)
            # Growing by a factor of 50 at most keeps one odd run from asking for a run of minutes.
            repeats = min(MAX_REPEATS, math.ceil(self._repeats[id(body)] * min(50.0, wanted)))
            if repeats == self._repeats[id(body)]:
                break
            self._repeats[id(body)] = repeats
            usage = self._alone(body)
        if usage.demand < MIN_ALONE / 2:
            raise _Stop("the body does too little to be measured")
        again = usage
        if usage.demand < LONG or RealTime.monotonic() + 3 * usage.wall < self._end:
            again = self._alone(body)
        self._best[id(body)] = min(usage, again, key=lambda each: each.demand)

    def _alone(self, body: Body, very_first: bool = False) -> Usage:
        if not very_first and RealTime.monotonic() > self._end:
            raise _Stop(self._no_time())
        watched = None if self._begun else self._first
        self._begun = True
        run = body if watched is None else (lambda: watched(body))
        group = Group([run], [self._repeats[id(body)]])
        try:
            group.start()
            if not group.wait(min(self._limit, max(self._end, RealTime.monotonic() + 0.1))):
                self._rescue(group, body)
            outcome = group.outcome()
        finally:
            group.close()
        usage = one(outcome)
        if usage is None:
            if outcome.stuck:
                raise _Stop(f"a worker that ran alone had not ended in time:\n{outcome.stacks}", outcome)
            if very_first:
                raise _Stop("the body failed", outcome, blame=True)
            raise _Stop("the body cannot be repeated: it failed when it ran a second time alone", outcome)
        return usage

    def _rescue(self, group: Group, body: Body) -> None:
        """A worker that does not end alone may wait for the others: let them run, once."""
        others = list(self._bodies)
        del others[next(number for number, each in enumerate(others) if each is body)]
        helpers = Group(others, [1] * len(others))
        try:
            helpers.start()
            helpers.wait(self._limit)
            if group.wait(self._limit):
                raise _Stop(
                    f"a worker alone needs more than max_seconds={self._max_seconds:g}, or it waits for the others"
                )
        finally:
            helpers.close()

    # Together.

    def _compare(self) -> None:
        alone = [self._best[id(body)] for body in self._bodies]
        longest = max(usage.wall for usage in alone)
        while not decided(alone, self._rounds) and self._discarded < MAX_DISCARDED:
            # A round that left doubt is followed by a longer one: over a longer time, noise evens out.
            scale = 1 if longest >= LONG else min(4, 2 ** len(self._rounds))
            if RealTime.monotonic() + longest * scale > self._end:
                if self._rounds and longest >= LONG:
                    return
                raise _Stop(self._no_time())
            seen = self._together(scale)
            if counts(seen):
                self._rounds.append(seen)
            else:
                self._discarded += 1
        if not self._rounds:
            raise _Stop("the machine was too busy to run the workers at the same time")

    def _profile(self) -> None:
        """Run one more, longer round to see what the workers wait for, unless enough was seen already."""
        longest = max(usage.demand for usage in self._best.values())
        scale = max(1, math.ceil(PROFILED / longest))
        seen = self._samples.samples >= 4 * MIN_SAMPLES
        if not seen and RealTime.monotonic() + longest * scale * len(self._bodies) < self._end:
            self._together(scale)

    def _look_at(self, body: Body) -> None:
        """Run ``body`` alone once more to see where it computes."""
        usage = self._best[id(body)]
        scale = max(1, math.ceil(PROFILED / usage.demand))
        if RealTime.monotonic() + usage.wall * scale > self._end:
            return
        group = Group([body], [self._repeats[id(body)]], scale)
        sampler = Sampler(lambda: group.idents, alone=True)
        try:
            sampler.start()
            group.start()
            group.wait(self._limit)
        finally:
            sampler.stop()
            group.close()
        self._samples += sampler.profile()

    def _together(self, scale: int) -> Round:
        group = Group(self._bodies, [self._repeats[id(body)] for body in self._bodies], scale)
        sampler = Sampler(lambda: group.idents)
        try:
            sampler.start()
            group.start()
            group.wait(self._limit)
            outcome = group.outcome()
        finally:
            sampler.stop()
            group.close()
        self._samples += sampler.profile()
        if outcome.round is None:
            if outcome.stuck:
                raise _Stop(f"the workers together had not ended in time:\n{outcome.stacks}", outcome)
            raise _Stop("the body failed when its workers ran at once", outcome, blame=True)
        return outcome.round

    def _no_time(self) -> str:
        return f"max_seconds={self._max_seconds:g} is too short to run the workers alone and together"
