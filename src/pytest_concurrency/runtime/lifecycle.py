"""The life of a worker: it is spawned, has its first turn, ends, and is joined."""

from __future__ import annotations

import functools
import threading
import types
from _thread import get_ident
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..state import STATE
from .waits import JoinWait
from .worker import Worker

if TYPE_CHECKING:
    from .execution import Execution


def spawn(run: Execution, parent: Worker, daemon: bool = False) -> Worker:
    """Register a new worker started by ``parent``; it waits for its first turn."""
    path = str(parent.children) if parent is run.main else f"{parent.path}.{parent.children}"
    parent.children += 1
    worker = Worker(path, len(run.workers), parent, daemon)
    run.workers.append(worker)
    run.live += 1
    if run.recorder is not None:
        run.recorder.fork(parent, worker)
    return worker


def never_ran(run: Execution, worker: Worker) -> None:
    """Note that the thread of a new ``worker`` could not be started: it has no turn."""
    with run.mutex:
        worker.done = True
        run.live -= 1


def joined(run: Execution, waiting: Worker, ended: Worker) -> None:
    """Note that ``waiting`` knows that ``ended`` has ended: what that did is now in its past."""
    waiting.joined(ended)
    if run.recorder is not None:
        run.recorder.joined(waiting, ended)


def adopt(run: Execution, worker: Worker) -> bool:
    """Called on a new worker's own thread: wait for the first turn; False where the run is over already."""
    worker.ident = get_ident()
    worker.native_id = threading.get_native_id()
    run.by_ident[worker.ident] = worker
    worker.gate.acquire()
    begin(run, worker)
    return not run.aborting


def begin(run: Execution, worker: Worker) -> None:
    """Called on a worker's own thread when it has the baton for the first time."""
    run.taken_up = True
    STATE.worker = worker
    STATE.ident = get_ident()
    if not worker.native_id:
        worker.native_id = threading.get_native_id()
    worker.started = True


def finish(run: Execution, worker: Worker) -> None:
    """Called on a worker's own thread when it has ended: hand the baton on."""
    if worker.resident is not None:
        return  # it had left the run
    if STATE.run is not run:
        worker.done = True  # the run is over, and could not end it
        return
    with run.mutex:
        worker.done = True
        run.live -= 1
        worker.reads.clear()
        worker.defaults.clear()
        run.by_ident.pop(worker.ident, None)
        run.progress = run.steps
        run.spins = 0
        if worker.external and not run.idle:
            worker.external = False
            return
        worker.external = False
        run.idle = False
        if run.aborting:
            run.resume(run.main)
            return
        chosen = run.successor(worker)
        if chosen is not None:
            run.resume(chosen)


def _code_of(body: Callable[[], Any]) -> types.CodeType | None:
    """Return the code that ``body`` runs, as far as it is known."""
    function: Any = body
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__code__", None)


def run_callables(run: Execution, main: Worker, callables: Sequence[Callable[[], Any]], pool: Any) -> list[Worker]:
    """Run each callable in a worker of its own on threads of ``pool`` and wait for all of them."""
    children = []
    for body in callables:
        worker = spawn(run, main)
        worker.body = body
        worker.entry = _code_of(body)
        children.append(worker)
    for worker in children:
        pool.carry(run, worker)
    run.park(main, JoinWait(children, None))
    for worker in children:
        joined(run, main, worker)
    return children
