"""When nobody can go on: whose time comes first, whether help may come from outside, who waits for what, and the end
of a run that gets nowhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from ..files import short
from ..instrument.deferred import is_stub
from ..instrument.vocabulary import ANNOUNCED_CALLS
from ..realtime import RealTime
from ..trace.outcome import Blocked, Died
from ..trace.workers import TEST
from .kernel import used_and_asleep
from .waits import ItemWait, LockWait, PipeWait, SleepWait
from .worker import Worker

if TYPE_CHECKING:
    from .execution import Execution

_POOLS = ("concurrent.futures.thread:_worker:", "multiprocessing.pool:")
"""So the keys begin of sites at which threads of executors and pools wait for work."""
JUMPS_LIMIT = 20_000
"""Clock jumps without any write before polling workers count as a livelock."""
JUMPS_ASK = JUMPS_LIMIT // 2
"""Clock jumps after which it is found out whether those who poll look outside this interpreter."""
NAP_SECONDS = 0.1
"""Real seconds that a sleep lasts at the most while a worker is in a call outside the engine's control."""
TICK_SECONDS = 1.0
"""The same while a thread outside the engine's control may do something by itself after a while."""
LEFT_SECONDS = 0.3
"""Real seconds that a test which has failed waits for a worker in such a call: what it raised may well be why nothing
will ever end that call."""
SETTLE_SECONDS = 0.03
"""Real seconds in which a thread outside the engine's control shows whether what a worker did has woken it up."""
TOGETHER = 0.001
"""Virtual seconds within which deadlines count as one moment: whoever waits for them may wake in any order."""
MOST_NAMED = 10
"""So many workers are named of a schedule that does not end."""
_CALL_BACK = {"Future.set_result", "Future.set_exception", "Future.add_done_callback", "Future.cancel"}
_OPERATIONS = {"Condition.wait_for", "ApplyResult.get", "ApplyResult.wait"}.union(
    f"{cls}.{name}" for classes in ANNOUNCED_CALLS.values() for cls, names in classes.items() for name in names
) - _CALL_BACK
"""What may wait by itself, and not in what it calls back."""


def first_due(run: Execution) -> Worker | None:
    """Return the worker whose timed wait ends first."""
    due = [w for w in run.workers if not w.done and w.wait is not None and w.wait.deadline is not None]
    if not due:
        return None
    first = min(due, key=lambda w: (w.wait.deadline, w.index))  # type: ignore[union-attr]
    moment: float = first.wait.deadline  # type: ignore[union-attr, assignment]
    return None if run.draining and moment > run.drain_end else first


def should_idle(run: Execution, first: Worker | None) -> bool:
    """Say whether the baton is to lie idle although the clock could jump to the end of the wait of ``first``, or
    (None) nobody can ever go on: somebody is in a call that takes real time, or runs outside the engine's control,
    and may be about to bring what is waited for."""
    now = RealTime.monotonic()
    if now > run.deadline:
        return in_a_call(run)  # the watchdog is about to end the run
    if first is None and (_in_a_circle(run) or _only_idle(run)):
        return False
    run.idle_since = run.idle_since or now
    wait: Any = first.wait if first is not None else None
    run.idle_timed = wait is not None
    naps = isinstance(wait, SleepWait)
    settled = naps or now - run.idle_since >= SETTLE_SECONDS
    ticking = wait is not None and (run.outsiders.ticking or run.outside.children.alive())
    if not in_a_call(run) and not ticking and not _outsiders_act(run, settled):
        return False
    if wait is None:
        return not (run.draining and run.failed) or now - run.idle_since < LEFT_SECONDS
    seconds = wait.deadline - run.clock.now
    nap = TICK_SECONDS if ticking else NAP_SECONDS
    return bool(now - run.idle_since < min(seconds, nap if naps else seconds, run.patience))


def _only_idle(run: Execution) -> bool:
    """Say whether the test is over and all that is left are an executor's threads with nothing to do."""
    rest = [worker for worker in run.workers if not worker.done and worker is not run.main]
    return run.draining and all(idle_in_pool(worker) and not worker.external for worker in rest)


def _in_a_circle(run: Execution) -> bool:
    """Say whether workers wait for each other, each for a lock that the next one holds: nobody can help them."""
    for worker in run.workers:
        seen: list[Worker] = []
        at: Worker | None = worker
        while at is not None and isinstance(at.wait, LockWait) and at not in seen:
            seen.append(at)
            holder = run.owners.get(id(at.wait.lock), (None,))[0]
            # a condition's lock for its one waiter is anybody's to release
            at = holder if holder is not at else None
        if at is not None and at in seen:
            return True
    return False


def in_a_call(run: Execution) -> bool:
    """Say whether a worker is in a call outside the engine's control."""
    return any(worker.external and not worker.done for worker in run.workers)


def whereabouts(run: Execution) -> str:
    """Say where in the code under test the workers are that have not ended, the test itself only where it does more
    than to wait for them."""
    told = []
    busy = [
        worker
        for worker in run.workers
        if not (worker.done or (worker is run.main and worker.wait is not None and len(run.workers) > 1))
    ]
    places = {worker: called_from(run, worker)[1] if worker.started else None for worker in busy}
    paths = {place[0] for place in places.values() if place is not None}
    for worker, place in places.items():
        where = f" at {short(place[0], paths)}:{place[1]}" if place is not None else ""
        name = "the test" if worker is run.main else f"worker {worker.path}"
        told.append(f"{name} {_is_doing(run, worker)}{where}")
    more = [f"and {len(told) - MOST_NAMED} more"] if len(told) > MOST_NAMED else []
    return ", ".join(told[:MOST_NAMED] + more)


def _is_doing(run: Execution, worker: Worker) -> str:
    if worker.external:
        known = used_and_asleep(worker.native_id)
        return "is still running" if known is not None and not known[1] else "is still in a call"
    if worker is run.current:
        return "is still running"
    if not worker.started:
        return "has not begun"
    return "is" if worker.wait is None or worker.wait.ready() else "waits"


def _outsiders_act(run: Execution, settled: bool) -> bool:
    """Say whether threads run that the engine does not control and that may wake a worker; one that somebody has
    just woken up is given a moment to show it."""
    known = {worker.ident for worker in run.workers if worker.resident is None}
    return (not settled and run.outsiders.any()) or run.outsiders.active(known)


def blocked(run: Execution, worker: Worker) -> Blocked:
    """Return what ``worker`` waits for, where, and who holds it."""
    wait: Any = worker.wait
    site = worker.site
    called, place = called_from(run, worker)
    own = not called and site is not None and not site.muted
    name, identity, path, line = ("", 0, "", 0) if own else worker.operation or ("", 0, "", 0)
    name = called or name
    if called and place is not None:
        path, line = place
    if not line and site is not None:
        path, line = site.path, site.line
    holder, holder_path, holder_line, ended = "", "", 0, False
    lock = getattr(wait, "lock", None)
    if lock is not None and id(lock) in run.owners:
        owner, _, where = run.owners[id(lock)]
        if owner is not worker or where is not None:  # else a condition's own lock for one waiter
            holder, ended = owner.path, owner.done
        if where is not None:
            holder_path, holder_line = where.path, where.line
    signalled = identity in run.signals
    return Blocked(
        worker.path, path, line, name or getattr(wait, "kind", ""), wait.describe(), holder, holder_line,
        holder_path, signalled, worker.daemon, idle_in_pool(worker), ended,
        (id(lock), "lock") if lock is not None else None, getattr(wait, "label", ""),
    )  # fmt: skip


def called_from(run: Execution, worker: Worker) -> tuple[str, tuple[str, int] | None]:
    """Return which operation of the library ``worker`` is in, and where in the code under test it was called.

    Where a function of the library is all that a thread runs, the place is where the thread was started.
    """
    files = getattr(run.sites, "files", ())
    name = ""
    frame = sys._current_frames().get(worker.ident)
    while frame is not None:
        code = frame.f_code
        if code.co_filename in files and not is_stub(code):
            return name, (code.co_filename, frame.f_lineno)
        if code.co_qualname in _OPERATIONS:
            name = code.co_qualname
        frame = frame.f_back
    if worker is run.main or worker.origin is not None:
        return name, worker.origin
    return name, called_from(run, run.main)[1]


def idle_in_pool(worker: Worker) -> bool:
    """Say whether ``worker`` is a thread of an executor or a pool that waits for what it is to do next."""
    in_worker = worker.site is not None and worker.site.key.startswith(_POOLS)
    waits = worker.wait is None or isinstance(worker.wait, (ItemWait, PipeWait))
    return in_worker and waits  # else its task is the library's


def advance_clock(run: Execution, first: Worker) -> None:
    """Move the clock to the end of the wait of ``first``."""
    moment: float = first.wait.deadline  # type: ignore[union-attr, assignment]
    run.jumps += 1
    if run.jumps > JUMPS_LIMIT and not (in_a_call(run) or run.outside.may_help()):
        fail_livelock(run, "the workers poll, sleep and poll again for a state that nobody changes")
        return
    run.clock.advance_to(moment)
    for w in run.workers:
        if not w.done and w.wait is not None and w.wait.deadline is not None:
            if w.wait.deadline <= moment + TOGETHER:
                w.timed_out = True


def fail_stuck(run: Execution) -> None:
    """Give the run up: nobody can ever go on."""
    run.freeze()
    rows = tuple(blocked(run, w) for w in run.workers if not w.done and w.wait is not None)
    if run.draining:
        run.leaked = tuple(row for row in rows if row.worker != TEST and not row.daemon and not row.idle_in_pool)
        run.aborting = "over"
    else:
        run.stuck = rows
        run.died = _died(run)
        run.aborting = "stuck"


def _died(run: Execution) -> tuple[Died, ...]:
    """Return the workers that have ended with an exception, and those whose tasks have."""
    ended = [Died(worker.path, worker.error) for worker in run.workers if worker.done and worker.error is not None]
    unseen = [Died(path, error) for path, error in run.unseen]
    errors = [(path, getattr(future, "_exception", None)) for path, future in run.failed_tasks]
    return (*ended, *unseen, *(Died(path, error, task=True) for path, error in errors if error is not None))


def fail_livelock(run: Execution, reason: str) -> None:
    """Give the run up: its workers run without getting anywhere."""
    run.freeze()
    if run.draining:
        run.leaked = tuple(blocked(run, w) for w in run.workers if not (w.done or w.daemon or w is run.main))
    else:
        run.livelock = reason
    run.aborting = "livelock"
    run.next_decision = run.steps + 10_000
