"""Workers that only ask: noticed, so that others get a turn and time goes on, and given up where none answers."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..instrument.sites import Site
from ..realtime import RealTime
from .fairness import hand_over, switch_to_longest
from .outside import listen
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


REVIEW_STEPS = 53
"""Operations between two looks at a worker in functions that are watched more closely; a prime, too."""
REVIEWS_LIMIT = 25
"""Looks after which such a worker that was in ever new states counts as computing."""


@dataclass(slots=True)
class PollingState:
    """What is known in one run of workers that poll.

    ``postures`` says how often a worker was found at a point in the same state, ``turn_postures`` the same for the
    worker (by index) whose ``turn`` it is, ``reviewed`` for functions that are watched closely; ``spun`` are the states
    in which workers were found to spin. ``polls`` counts the turns that were given to others, ``questions`` those asked
    of the clock in a row, the first after operation ``asked_after``, and ``listened`` the turns of spinning workers
    that were listened to. ``pushed_at`` is the real time of the last push of the clock, in seconds. At the sites in
    ``computing`` a worker only seemed to poll.
    """

    polls: int = 0
    turn: int = -1
    turn_postures: dict[object, int] = field(default_factory=dict)
    postures: dict[object, int] = field(default_factory=dict)
    reviewed: dict[object, int] = field(default_factory=dict)
    spun: set[object] = field(default_factory=set)
    questions: int = 0
    asked_after: int = 0
    listened: int = 0
    pushed_at: float = 0.0
    computing: set[Site] = field(default_factory=set)


def ask_clock(run: Execution, worker: Worker) -> None:
    """``worker`` asks the clock: where it does so over and over and does nothing for others to see, it waits for a
    moment to come."""
    if run.polling.asked_after != run.progress:
        run.polling.asked_after = run.progress
        run.polling.questions = 0
    run.polling.questions += 1
    if run.polling.questions > (run.spin_again if run.spins else SPIN_LIMIT):
        run.polling.questions = 0
        spin(run, worker)


def watch_closely(run: Execution, worker: Worker) -> None:
    """Called by the watchdog: ``worker`` runs and comes to no scheduling point. It may poll what no other worker
    touches (a file, the environment, a library's object): switch on the sites of the functions that it is in."""
    places: set[tuple[str, str]] = set()
    frame = sys._current_frames().get(worker.ident)
    while frame is not None:
        places.add((frame.f_code.co_filename, frame.f_code.co_qualname))
        frame = frame.f_back
    opened = frozenset(
        site
        for site in run.all_sites()
        if site.off and (site.path, site.qualname) in places and site not in run.polling.computing
    )
    run.opened |= opened
    for site in opened:
        site.off = False


def review(run: Execution, worker: Worker) -> None:
    """Find out whether ``worker``, in functions that are watched closely, polls there, so that they are watched in
    later runs, too, or computes, so that they are not."""
    here = worker.index, posture()
    run.polling.reviewed[here] = seen = run.polling.reviewed.get(here, 0) + 1
    polls = seen >= POLL_REPEATS
    if not polls and sum(run.polling.reviewed.values()) < REVIEWS_LIMIT:
        return
    (run.polled if polls else run.polling.computing).update(run.opened)
    for site in run.opened:
        site.off = not polls
    run.opened = frozenset()
    run.polling.reviewed = {}


def yield_of_polling(run: Execution, worker: Worker) -> bool:
    """Where ``worker`` comes back to the same point in the same state again and again, let others have a turn, and time
    a push: it may take and release locks, which counts as headway, and still only ask. Return True if somebody else had
    a turn."""
    if run.polling.turn != worker.last_run:
        run.polling.turn = worker.last_run
        run.polling.turn_postures = {}
    here = posture()
    run.polling.turn_postures[here] = seen = run.polling.turn_postures.get(here, 0) + 1
    if seen < POLL_REPEATS:
        return False
    run.polling.turn_postures = {}
    run.polling.polls += 1
    _push(run, run.polling.polls)
    return hand_over(run, worker)


def spin(run: Execution, worker: Worker) -> None:
    """A worker only reads: give the others a turn, and time a push."""
    run.progress = run.steps
    run.spins += 1
    here = worker.index, posture()
    run.spin_again = SPIN_AGAIN if run.spins == 1 or here in run.polling.spun else min(2 * run.spin_again, SPIN_LONGEST)
    run.polling.spun.add(here)
    _push(run, run.spins)
    for site in run.saturated:
        site.off = False
        site.hits = 0
    run.saturated.clear()
    if worker.site is not None:
        worker.site.hits = 0  # silenced, it could not be seen to spin again
    others = [w for w in run.enabled_or_due() if w is not worker]
    too_long = run.spins > ROUNDS_LIMIT * max(1, len(run.workers)) and _repeats(run, worker)
    if too_long and not _may_be_helped(run, worker):
        fail_livelock(run, "every worker that could run polls a state that nobody changes")
        raise Abandon
    if others and not run.aborting:
        switch_to_longest(run, worker, others)


def _push(run: Execution, times: int) -> None:
    """Let time go on for workers that only ask, more each time; but at its own pace while a process that the run has
    started may bring what they ask for."""
    seconds = 0.001 * 2 ** min(times, 20)
    moment = RealTime.monotonic()
    if run.patience > 0 and run.outside.children.unreaped():
        real = moment - (run.polling.pushed_at or moment)
        run.patience -= real
        seconds = min(seconds, real)
    run.polling.pushed_at = moment
    run.clock.push(seconds)


def _may_be_helped(run: Execution, worker: Worker) -> bool:
    """Say whether what ``worker`` and the others ask for may come from outside this interpreter, as far as they are
    known; they are listened to for so long that each has had some turns."""
    listen(run, worker)
    run.polling.listened += 1
    unknown = any(other not in run.outside.outward for other in run.enabled())
    return unknown or run.polling.listened < ROUNDS_LIMIT or run.outside.may_help()


def _repeats(run: Execution, worker: Worker) -> bool:
    """Say whether ``worker`` was at this very point often before with the same local variables: it polls. A worker
    that computes something from values which nobody changes moves on, however long it takes."""
    here = (worker.index, native_posture(), posture())
    run.polling.postures[here] = seen = run.polling.postures.get(here, 0) + 1
    return seen > REPEATS_LIMIT
