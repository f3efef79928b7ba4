"""Timed waits that end before they have to: whether they do is a choice of the schedule (``explore_timeouts``)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..trace.outcome import Row
from .standstill import blocked
from .worker import Worker

if TYPE_CHECKING:
    from .clock import VirtualClock
    from .execution import Execution

LIMIT = 5
"""Timed waits of one worker that may end early in one run: one that polls must not keep the others from going on."""


class EarlyTimeouts:
    """Says which parked workers' timed waits may end now, and ends them.

    Half of the timed waits may, drawn by ``seed``; without a seed all may, for a schedule that names those that do.
    """

    def __init__(self, clock: VirtualClock, seed: int | None) -> None:
        self._clock = clock
        self._random = random.Random(seed) if seed is not None else None
        self._drawn: dict[int, tuple[int, bool]] = {}
        self._ended: dict[int, int] = {}

    def candidates(self, workers: list[Worker]) -> list[Worker]:
        """Return the workers of ``workers`` whose timed wait is not over and may end now."""
        return [
            w for w in workers
            if w.wait is not None and w.wait.deadline is not None and not (w.done or w.external or w.timed_out)
            and not w.wait.ready() and self._may_end(w)
        ]  # fmt: skip

    def _may_end(self, worker: Worker) -> bool:
        if self._random is None:
            return True
        parks, early = self._drawn.get(worker.index, (0, False))
        if parks != worker.parks:
            early = self._random.random() < 0.5
            self._drawn[worker.index] = (worker.parks, early)
        return early and self._ended.get(worker.index, 0) < LIMIT

    def end(self, worker: Worker) -> bool:
        """Let the wait of the chosen ``worker`` time out if it is not over; return whether it does.

        The clock jumps to the deadline: after the wait no clock shows an earlier time.
        """
        wait = worker.wait
        if wait is None or wait.deadline is None or worker.timed_out or wait.ready():
            return False
        self._clock.advance_to(wait.deadline)
        worker.timed_out = True
        self._ended[worker.index] = self._ended.get(worker.index, 0) + 1
        return True


def early_timeouts(strategy: object, clock: VirtualClock, number: int, explore: bool) -> EarlyTimeouts | None:
    """Return what ends timed waits early in run ``number`` of ``strategy``, None where none are to.

    A strategy that follows a schedule with such ends in it may make them, whether or not they are explored.
    """
    if not getattr(strategy, "timeouts", False):
        return None
    if getattr(strategy, "follows", False):
        return EarlyTimeouts(clock, None)
    return EarlyTimeouts(clock, number) if explore else None


def early_candidates(run: Execution) -> Sequence[Worker]:
    """Return the workers whose timed wait the strategy may end now."""
    return () if run.early is None or run.draining or run.coasting else run.early.candidates(run.workers)


def end_wait(run: Execution, worker: Worker) -> bool:
    """Let the timed wait of ``worker``, which was chosen, end where it is not over; return whether it did."""
    if run.early is None or not run.early.end(worker):
        return False
    if run.rows is not None:
        held_up = blocked(run, worker)
        what = held_up.operation or held_up.waits_for
        run.rows.append(Row(worker.path, held_up.path, held_up.line, "times out:", what, step=run.steps))
    return True
