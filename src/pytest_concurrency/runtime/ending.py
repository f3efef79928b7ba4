"""How a run ends: threads that it left behind end, are unwound or live on; their locks are freed; its outcome."""

from __future__ import annotations

from _thread import allocate_lock
from typing import TYPE_CHECKING

from ..realtime import RealTime
from ..state import STATE
from ..strategies.base import NEVER
from ..trace.outcome import Outcome
from .interrupting import PATIENCE_SECONDS, insist, interrupt
from .kernel import used_and_asleep
from .leftovers import let_go
from .outsiders import Resident, end_quietly
from .standstill import idle_in_pool
from .waits import JoinWait
from .worker import Worker

if TYPE_CHECKING:
    from .execution import Execution

DRAIN_SECONDS = 1.0
"""Virtual seconds that threads have to end by themselves after the test's body has ended."""
UNWIND_SECONDS = 2.0
"""Real seconds that one worker has to unwind when a run is given up."""
ASK_SECONDS = 0.005
"""Real seconds between two looks whether such a worker has ended."""
_LOCK_TYPE = type(allocate_lock())


def drain(run: Execution) -> None:
    """Let the threads that the body left behind end; what then remains is leaked (or a daemon)."""
    run.draining = True
    run.drain_end = run.clock.now + DRAIN_SECONDS
    rest = [w for w in run.workers if w is not run.main and not w.done]
    if rest and not run.aborting:
        run.park(run.main, JoinWait([w for w in rest if not w.daemon], None))
    if any(not w.done for w in run.workers if w is not run.main):
        give_up(run, run.aborting or "over")


def give_up(run: Execution, reason: str) -> None:
    """Unwind every other worker, one at a time; called on the main thread while it holds the baton."""
    run.aborting = run.aborting or reason
    if run.current is not run.main:
        run.next_decision = 0
        run.main.gate.acquire(timeout=UNWIND_SECONDS)
    run.main.gate.acquire(blocking=False)  # it may have been given a turn while it was in a call
    run.next_decision = NEVER
    _end_calls(run, reason)
    for worker in run.workers:
        if worker is run.main or worker.done or worker.external:
            continue
        if reason == "over" and _outlives(run, worker):
            _detach(run, worker)
        else:
            _unwind(run, worker)


def _end_calls(run: Execution, reason: str) -> None:
    """End the workers outside the engine's control: those that compute at once, the others when their call returns.

    Where the run is just over, what waits in a call may serve others, too.
    """
    outside = [w for w in run.workers if w.external and w is not run.main and (reason != "over" or _computes(w))]
    end = RealTime.monotonic() + PATIENCE_SECONDS
    for worker in outside:
        interrupt(worker)
    while RealTime.monotonic() < end and any(_computes(worker) for worker in outside):
        RealTime.sleep(ASK_SECONDS)
    for worker in outside:
        if _computes(worker):
            insist(worker)


def _computes(worker: Worker) -> bool:
    if worker.done or not worker.inside:
        return False
    known = used_and_asleep(worker.native_id)
    return known is not None and not known[1]


def _outlives(run: Execution, worker: Worker) -> bool:
    """Say whether what ``worker`` serves may live on after the run: an executor that was not shut down, or, as far
    as is known, whatever a daemon serves that waits."""
    if worker.wait is None or worker.thread is None:
        return False
    return idle_in_pool(worker) or (worker.daemon and not run.outsiders.is_restarted(worker.entry))


def _detach(run: Execution, worker: Worker) -> None:
    """Let the thread of ``worker`` go on outside the run."""
    entry = None if idle_in_pool(worker) else worker.entry
    worker.resident = run.outsiders.residents[worker.ident] = Resident(worker.ident, entry)
    end_quietly(worker.thread)
    worker.done = True
    run.live -= 1
    run.by_ident.pop(worker.ident, None)
    worker.gate.release()


def _unwind(run: Execution, worker: Worker) -> None:
    main = run.main
    run.current = worker
    run.taken_up = True
    STATE.ident = worker.ident
    STATE.worker = worker
    worker.wait = None
    try:
        worker.gate.release()
    except RuntimeError:
        pass
    main.gate.acquire(timeout=UNWIND_SECONDS)
    run.current = main
    STATE.ident = main.ident
    STATE.worker = main


def release_leftovers(run: Execution) -> None:
    """Free the locks that ended workers still hold, so that the next run does not meet them locked, and let go of
    threads that did not end."""
    for worker, lock, _ in list(run.owners.values()):
        if worker.resident is not None:
            continue
        try:
            if worker is run.main or type(lock) is _LOCK_TYPE:
                lock.release()
        except RuntimeError:
            pass
    run.owners.clear()
    for worker in run.workers:
        if not worker.done and worker.thread is not None:
            let_go(worker.thread)
    left = [f"worker {worker.path}" for worker in run.workers if not worker.done and worker is not run.main]
    if left and run.timed_out:
        run.timed_out += f" ({' and '.join(left)} could not be ended and goes on)"


def outcome_of(run: Execution, error: BaseException | None) -> Outcome:
    """Return what the run has come to; ``error`` is what its body raised."""
    switches = tuple(run.switches)
    return Outcome(
        number=run.number,
        steps=run.steps,
        switches=switches,
        preemptions=sum(not s.forced for s in switches),
        error=error,
        stuck=run.stuck,
        died=run.died,
        livelock=run.livelock,
        lost=tuple(run.lost),
        unseen=tuple(run.unseen),
        leaked=run.leaked,
        timed_out=run.timed_out,
        external=tuple(dict.fromkeys(run.external)),
        rows=tuple(run.rows or run.kept_rows),
        failed_at=run.failed_at or run.steps,
        workers=tuple(w.path for w in run.workers),
        virtual_seconds=run.clock.now,
        polled_seconds=run.clock.pushed,
        failing=tuple(w.path for w in run.workers if w.error is not None),
    )
