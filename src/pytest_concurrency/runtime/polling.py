"""Workers that only ask: noticed, so that others get a turn and time goes on, and given up where none answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .posture import native_posture, posture
from .standstill import fail_livelock
from .worker import Abandon, Worker

if TYPE_CHECKING:
    from .execution import Execution

SPIN_LIMIT = 2_000
"""Consecutive reads without a write, after which a worker counts as spinning and another one gets a turn."""
SPIN_AGAIN = 100
"""The same for the turns that follow while still nobody writes, and a worker comes back in a state it was in before."""
SPIN_LONGEST = 8_000
"""The most that it grows to, twice as long each time, while workers are in ever new states: they compute."""
ROUNDS_LIMIT = 60
"""Turns of spinning workers without any write before the run counts as a livelock."""
POLL_CHECK = 499
"""Operations between two looks at a worker that nobody interrupts; a prime, to fall out of step with its loops."""
POLL_REPEATS = 3
"""Times that such a worker is found in the same state before the others get a turn."""
REPEATS_LIMIT = 100
"""Times that a worker is found at one point in one state before it counts as polling."""


def yield_of_polling(run: Execution, worker: Worker) -> bool:
    """Where ``worker`` comes back to the same point in the same state again and again, let others have a turn, and time
    a push: it may take and release locks, which counts as headway, and still only ask. Return True if somebody else had
    a turn."""
    if run.turn != worker.last_run:
        run.turn = worker.last_run
        run.turn_postures = {}
    here = posture()
    run.turn_postures[here] = seen = run.turn_postures.get(here, 0) + 1
    if seen < POLL_REPEATS:
        return False
    run.turn_postures = {}
    run.polls += 1
    run.clock.push(0.001 * 2 ** min(run.polls, 20))
    others = [w for w in run.enabled_or_due() if w is not worker]
    if not others:
        return False
    run.next_decision = min(run.asked_at, run.look_at)
    chosen = min(others, key=lambda w: (w.last_run, w.index))
    run.log(worker, chosen, forced=True, chosen=False)
    run.switch(worker, chosen)
    return True


def spin(run: Execution, worker: Worker) -> None:
    """A worker only reads: give the others a turn, and time a push."""
    run.progress = run.steps
    run.spins += 1
    here = worker.index, posture()
    run.spin_again = SPIN_AGAIN if run.spins == 1 or here in run.spun else min(2 * run.spin_again, SPIN_LONGEST)
    run.spun.add(here)
    run.clock.push(0.001 * 2 ** min(run.spins, 20))
    for site in run.saturated:
        site.off = False
        site.hits = 0
    run.saturated.clear()
    if worker.site is not None:
        worker.site.hits = 0  # silenced, it could not be seen to spin again
    others = [w for w in run.enabled_or_due() if w is not worker]
    if run.spins > ROUNDS_LIMIT * max(1, len(run.workers)) and _repeats(run, worker):
        fail_livelock(run, "every worker that could run polls a state that nobody changes")
        raise Abandon
    if others and not run.aborting:
        chosen = min(others, key=lambda w: (w.last_run, w.index))
        run.log(worker, chosen, forced=True, chosen=False)
        run.switch(worker, chosen)


def _repeats(run: Execution, worker: Worker) -> bool:
    """Say whether ``worker`` was at this very point often before with the same local variables: it polls. A worker
    that computes something from values which nobody changes moves on, however long it takes."""
    here = (worker.index, native_posture(), posture())
    run.postures[here] = seen = run.postures.get(here, 0) + 1
    return seen > REPEATS_LIMIT
