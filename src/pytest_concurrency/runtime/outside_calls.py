"""Workers in calls that the engine does not control: the run goes on without them, and they come back.

The watchdog notices them, on a thread of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..state import STATE
from .standstill import first_due, in_a_call, should_idle, whereabouts
from .worker import Abandon, Worker

if TYPE_CHECKING:
    from .execution import Execution


def has_baton(run: Execution, worker: Worker) -> bool:
    """Say whether ``worker``, which runs, may hand the baton on: not if the watchdog took it for blocked and gave
    the baton away between its last look at the baton and now. Called with the mutex held."""
    if not worker.external:
        return True
    return _takes_idle(run, worker)


def _takes_idle(run: Execution, worker: Worker) -> bool:
    """``worker`` is back from a call: let it have the baton where that lies idle. Called with the mutex held."""
    worker.external = False
    if not run.idle:
        return False
    run.idle = False
    run.end_idling()
    run.current = worker
    run.taken_up = True
    STATE.worker = worker
    STATE.ident = worker.ident
    return True


def stray(run: Execution, ident: int) -> bool:
    """A thread without the baton is at a hook: a worker that came back from a blocking call waits for its turn
    (True: it now has it); any other thread is none of ours (False)."""
    worker = run.by_ident.get(ident)
    if worker is None or worker.done:
        return False
    with run.mutex:
        if not worker.external:
            return False  # a signal's handler, run while the main thread waits for its turn
        if run.aborting and worker is not run.main:
            if worker.abandoned:
                return False  # it is being unwound
            worker.abandoned = True
            raise Abandon
        if _takes_idle(run, worker):
            return True
    worker.gate.acquire()
    run.resumed(worker)
    return True


def await_turn(run: Execution) -> None:
    """The body has ended on the main thread although that has lost the baton meanwhile: wait until it is back."""
    try:
        stray(run, run.main.ident)
    except Abandon:
        pass


def come_back(run: Execution, ident: int) -> None:
    """The worker on thread ``ident`` stood aside for a moment; it goes on unless another one was let go on."""
    worker = run.by_ident.get(ident)
    with run.mutex:
        if not STATE.ident and STATE.run is run and not (worker is not None and worker.external):
            STATE.ident = ident


def make_external(run: Execution, worker: Worker, path: str, line: int) -> None:
    """Called by the watchdog: ``worker`` holds the baton and blocks in a call that is not controlled.

    Where the run is given up the worker has left its wait, and blocks in what it does at its end: the test goes on.
    """
    with run.mutex:
        if run.current is not worker or worker.done or not run.taken_up or (run.aborting and worker is run.main):
            return
        worker.external = True
        if not run.aborting:
            run.external.append((worker.path, path, line))
        STATE.ident = 0
        chosen = run.successor(None)
        if chosen is not None:
            run.resume(chosen)


def poke(run: Execution) -> None:
    """Called by the watchdog while the baton lies idle: see whether something was released meanwhile."""
    with run.mutex:
        if not run.idle:
            return
        enabled = run.enabled_or_due()
        if run.aborting or enabled or not should_idle(run, first_due(run)):
            run.idle = False
            chosen = run.successor(None)
            if chosen is not None:
                run.resume(chosen)


def expire(run: Execution, reason: str) -> None:
    """Called by the watchdog when the real time of the run is over."""
    if run.aborting or (run.idle and not in_a_call(run) and not run.enabled()):
        return  # nobody can go on, and it was hoped for long enough: poke() says so
    run.timed_out = f"{reason}: {whereabouts(run)}"
    run.aborting = "timed out"
    run.next_decision = 0
    for site in run.saturated:
        site.off = False
