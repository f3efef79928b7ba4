"""Iterative preemption bounding: all schedules without a preemption, then all with one, with two, ...

Musuvathi, Qadeer: Iterative Context Bounding for Systematic Testing of Multithreaded Programs (PLDI 2007).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from .dpor_ops import Op
from .precise import Precise

DEPTH_LIMIT = 5_000
"""Choices of one run from which others may branch off; beyond, the run is not complete."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One choice: at the ``depth``-th operation go to ``worker``; ``previous`` are the choices before."""

    depth: int
    worker: str
    able: tuple[str, ...]
    previous: _Step | None


class Bounded(Precise):
    """Runs schedules in the order of their number of preemptions.

    ``bound`` is the number that is being run; when a failure shows, it needs at least that many.
    """

    name = "bounded"

    def __init__(self) -> None:
        super().__init__()
        self.bound = 0
        self._work: dict[int, deque[_Step | None]] = {0: deque([None])}
        self._plan: dict[int, _Step] = {}
        self._last: _Step | None = None
        self._depth = 0
        self._strayed = False

    def begin(self, number: int) -> None:
        super().begin(number)
        self._depth = 0
        self._strayed = False
        while self.bound in self._work and not self._work[self.bound]:
            del self._work[self.bound]
            self.bound += 1
        step = self._last = self._work[self.bound].popleft()
        self._plan = {}
        while step is not None:
            self._plan[step.depth] = step
            step = step.previous

    def _choose(self, able: dict[str, Op[str]], running: str | None) -> str | None:
        depth = self._depth
        self._depth += 1
        default = running if running is not None else next(iter(able))
        planned = self._plan.get(depth)
        if planned is not None:
            if planned.worker in able and planned.able == tuple(able):
                return planned.worker
            self._strayed = True
            return None
        if self._last is not None and depth < self._last.depth:
            return default
        if depth >= DEPTH_LIMIT:
            self.doubt("a run is too long")
            return default
        for worker in able:
            if worker != default:
                cost = self.bound + (running is not None)
                self._work.setdefault(cost, deque()).append(_Step(depth, worker, tuple(able), self._last))
        return default

    def restart(self) -> None:
        self.bound = 0
        self._work = {0: deque([None])}
        self.exhausted, self.found = False, 0

    def finish(self, cut_short: str) -> None:
        if self._strayed or (self._last is not None and self._depth <= self._last.depth):
            self.doubt("the test did not do the same in the same schedule")
        else:
            self.found += 1
        self._note_doubts(cut_short)
        self.exhausted = not any(self._work.values())
