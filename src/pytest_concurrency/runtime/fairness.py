"""Fair turns: no schedule lets one worker go on for ever while others wait for a turn, a lock or a moment.

A strategy may prefer one worker for as long as it likes, which programs that end only when all workers have come round
do not survive: the run goes on in turns drawn at random once it is too long (the "fair suffix" of Coyote's FairPCT:
https://microsoft.github.io/coyote, ``FairPrioritizationStrategy``). Turns of one length in one order would not do:
workers could undo for ever what each other does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from .standstill import fail_livelock
from .waits import LockWait, SleepWait
from .worker import Abandon, Worker

if TYPE_CHECKING:
    from .execution import Execution

LIVELOCK_FACTOR = 20
"""How often the length that a run should have at the most it may have in fair turns before it is a livelock."""
TURN = 100
"""Operations of a fair turn, on average."""
LATE_STEPS = 50_000
"""Operations without which a run that lasts for long is not taken for one that is too long."""
LONG_TURN = 5_000
"""Operations of one turn after which those who wait meanwhile are looked after."""
OPERATION_SECONDS = 5e-6
"""Virtual seconds that an operation takes from then on: about what it takes in a controlled run."""
_ENDLESS = (SleepWait, LockWait)
"""Waits that may come over and over again, and last for ever, while one worker goes on and on."""


@dataclass(slots=True)
class Fairness:
    """What a run does for fairness: turns are fair ``after`` so many operations, by the draws of ``random``;
    ``overlong`` says that a turn was so long that time goes on with operations."""

    after: int
    random: Random
    overlong: bool = False


def begin_early(run: Execution) -> None:
    """The run has lasted for long in real time: its turns are fair from now on, unless it repeats a schedule, which has
    them in it. Called by another thread."""
    if LATE_STEPS < run.steps < run.fairness.after and not getattr(run.strategy, "follows", False):
        run.fairness.after = run.steps
        run.asked_at = run.next_decision = 0


def next_turn(run: Execution) -> int:
    """Return the operation at which a fair turn that begins now is over."""
    return run.steps + run.fairness.random.randint(1, 2 * TURN)


def draw(run: Execution, enabled: Sequence[Worker]) -> Worker:
    """Return who has the next fair turn."""
    return run.fairness.random.choice(enabled)


def take_turns(run: Execution) -> Worker:
    """Return who goes on when a fair turn is over; give the run up where fair turns do not help it to its end."""
    if run.steps > run.max_steps:
        still = run.steps - max(run.progress, run.max_steps) > run.max_steps
        if still or run.steps > LIVELOCK_FACTOR * run.max_steps:
            fail_livelock(
                run, f"no end after {run.steps} operations, all but the first {run.max_steps} of them in fair turns"
            )
            raise Abandon
    _let_time_go_on(run, TURN)
    return draw(run, run.enabled_or_due())


def let_waiters_go_on(run: Execution, worker: Worker, operations: int) -> bool:
    """Where ``worker`` goes on and on while others sleep, or wait for a lock that it takes again and again, let time go
    on and the one that has waited longest have a turn when a wait may be over: ``worker`` may work until something
    comes about that only they can bring. It was looked at ``operations`` ago; return True if another had a turn."""
    fairness = run.fairness
    operations = operations if fairness.overlong else LONG_TURN
    if run.steps - worker.last_run < operations:
        return False
    waiting = [w for w in run.workers if isinstance(w.wait, _ENDLESS) and not w.done and not w.external]
    if not waiting:
        return False
    fairness.overlong = True
    _let_time_go_on(run, operations)
    enabled = run.enabled_or_due()
    return any(w in enabled for w in waiting) and hand_over(run, worker)


def hand_over(run: Execution, worker: Worker) -> bool:
    """Give a turn to the one that has waited longest for one; return False where there is none."""
    others = [w for w in run.enabled_or_due() if w is not worker]
    if not others:
        return False
    run.next_decision = min(run.asked_at, run.look_at)
    switch_to_longest(run, worker, others)
    return True


def switch_to_longest(run: Execution, worker: Worker, others: Sequence[Worker]) -> None:
    """Switch from ``worker`` to the one of ``others`` that has waited longest."""
    chosen = min(others, key=lambda w: (w.last_run, w.index))
    run.log(worker, chosen, forced=True, chosen=False)
    run.switch(worker, chosen)


def _let_time_go_on(run: Execution, operations: int) -> None:
    if any(type(w.wait) is SleepWait for w in run.workers):
        run.clock.advance_to(run.clock.now + operations * OPERATION_SECONDS)
