"""Starting and joining threads: ``threading.Thread`` and ``_thread``.

``Thread.start`` and ``join`` run the standard library's own code; taken over are the calls into C at their bottom.
Up to 3.12 ``join`` waits for a lock that C releases after ``run``; from 3.13 on for a thread handle.
"""

from __future__ import annotations

import _thread
import threading
import time
import types
from collections.abc import Callable
from typing import Any

from ..instrument.sites import Site
from ..runtime.execution import Execution
from ..runtime.interrupting import contained
from ..runtime.lifecycle import adopt, finish, joined, never_ran, spawn
from ..runtime.outsiders import entry_of
from ..runtime.values import show
from ..runtime.waits import JoinWait
from ..runtime.worker import Detached, Worker
from ..state import STATE
from ..trace.outcome import Row
from .locks import current_worker

_start_new_thread = _thread.start_new_thread
_start_joinable_thread = getattr(_thread, "start_joinable_thread", None)
ENDING_SECONDS = 30.0
"""Real seconds that C may take to take an ended thread down, its thread-locals' destructors included."""
HANDLE_TYPE: type | None = getattr(_thread, "_ThreadHandle", None)


def _carried(
    run: Execution, worker: Worker, function: Callable[..., Any], args: Any, kwargs: Any
) -> Callable[[], None]:
    def body() -> None:
        if not adopt(run, worker):
            finish(run, worker)
            return
        if run.rows is not None:
            _note_target(run, worker)
        _, error = contained(worker, lambda: function(*args, **kwargs))
        if error is not None and not isinstance(error, SystemExit) and not run.aborting:
            run.unseen.append((worker.path, error))
        finish(run, worker)

    return body


def _note_target(run: Execution, worker: Worker) -> None:
    """Let a thread that runs a function of C (``Thread(target=list.append, ...)``) make a row when it calls it."""
    thread: Any = worker.thread
    target = getattr(thread, "_target", None)
    if not isinstance(target, types.BuiltinFunctionType):
        return

    def noted(*args: Any, **kwargs: Any) -> Any:
        if run.rows is not None:
            path, line = worker.origin or ("", 0)
            told = ", ".join(map(show, args))
            run.rows.append(Row(worker.path, path, line, "run", target.__qualname__, told, step=run.steps))
        return target(*args, **kwargs)

    thread._target = noted


def start_new_thread(function: Callable[..., Any], args: Any, kwargs: Any = None, /) -> int:
    """Start a thread that is a worker of the run, where the caller is one."""
    parent = current_worker()
    kwargs = kwargs or {}
    if parent is None:
        return _start_new_thread(function, args, kwargs)
    run = STATE.run
    worker = spawn(run, parent, daemon=_is_daemon(function, True))
    try:
        if not callable(function):
            raise TypeError("first arg must be callable")
        ident = _start_new_thread(_carried(run, worker, function, args, kwargs), ())
    except BaseException:
        never_ran(run, worker)
        raise
    _attach(run, parent, worker, function)
    return ident


def start_joinable_thread(function: Callable[..., Any], handle: Any = None, daemon: bool = True) -> Any:
    """As :func:`start_new_thread`, for 3.13 and later."""
    parent = current_worker()
    if parent is None:
        return _start_joinable_thread(function, handle=handle, daemon=daemon)  # type: ignore[misc]
    run = STATE.run
    worker = spawn(run, parent, daemon=daemon)
    try:
        if not callable(function):
            raise TypeError("thread function must be callable")
        started = _start_joinable_thread(  # type: ignore[misc]
            _carried(run, worker, function, (), {}),
            handle=handle,
            daemon=True,  # the run sees to its end
        )
    except BaseException:
        never_ran(run, worker)  # the thread was started by somebody else, or there may be no more of them
        raise
    _attach(run, parent, worker, function)
    if handle is not None:
        run.handles[id(handle)] = (handle, worker)
    return started


def _attach(run: Execution, parent: Worker, worker: Worker, function: Callable[..., Any]) -> None:
    if parent.operation is not None:
        worker.origin = parent.operation[2:]
    thread = getattr(function, "__self__", None)
    if isinstance(thread, threading.Thread):
        worker.thread = thread
        worker.entry = entry_of(thread)
        run.outsiders.started(worker.entry)
        run.threads[id(thread)] = worker


def _is_daemon(function: Callable[..., Any], default: bool) -> bool:
    thread = getattr(function, "__self__", None)
    return thread.daemon if isinstance(thread, threading.Thread) else default


def wait_for(run: Execution, waiting: Worker, target: Worker, timeout: float | None) -> bool:
    """Park ``waiting`` until ``target`` has ended; return False where ``timeout`` (virtual seconds) came first."""
    if timeout is not None and timeout > 0:
        run.timed_waits = True
    if target.done:
        joined(run, waiting, target)
        return True
    if timeout is not None and timeout <= 0:
        return False
    deadline = None if timeout is None else run.clock.now + timeout
    try:
        if not run.park(waiting, JoinWait([target], deadline)):
            return False
    except Detached as detached:
        return detached.resident.wait(lambda seconds: _has_ended(target, seconds), timeout)
    joined(run, waiting, target)
    return True


def _has_ended(target: Worker, seconds: float) -> bool:
    """Wait in real time for a worker of a run that is over."""
    if not target.done or target.resident is not None:
        time.sleep(max(seconds, 0.0))
    return target.done and target.resident is None


class ControlledHandle:
    """Stands in for a ``_ThreadHandle`` in one method call (3.13 and later)."""

    __slots__ = ("_handle",)

    def __init__(self, handle: Any, site: Site) -> None:
        self._handle = handle

    def join(self, timeout: float | None = None) -> None:
        waiting = current_worker()
        if waiting is not None:
            known = STATE.run.handles.get(id(self._handle))
            if known is not None:
                if timeout is not None and timeout < 0:
                    timeout = None
                if not wait_for(STATE.run, waiting, known[1], timeout):
                    return
                self._handle.join()
                return
        self._handle.join(timeout)

    def is_done(self) -> bool:
        waiting = current_worker()
        if waiting is not None:
            known = STATE.run.handles.get(id(self._handle))
            if known is not None:
                if not known[1].done:
                    return False
                self._handle.join()
                joined(STATE.run, STATE.worker, known[1])
        return self._handle.is_done()  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._handle, name)


class ControlledThread:
    """Stands in for a Thread while its ``_wait_for_tstate_lock`` is called (up to 3.12)."""

    __slots__ = ("_thread",)

    def __init__(self, thread: Any, site: Site) -> None:
        self._thread = thread

    def _wait_for_tstate_lock(self, block: bool = True, timeout: float = -1) -> Any:
        waiting = current_worker()
        target = STATE.run.threads.get(id(self._thread)) if waiting is not None else None
        if target is None:
            return self._thread._wait_for_tstate_lock(block, timeout)
        if not block and not target.done:
            return None
        if not wait_for(STATE.run, waiting, target, None if timeout < 0 else timeout):  # type: ignore[arg-type]
            return None
        self._wait_for_c()
        return self._thread._wait_for_tstate_lock()

    def _wait_for_c(self) -> None:
        """Wait for the lock that C releases a moment after the worker has ended; no worker holds it, so that waiting
        for it as for any other lock would look like a deadlock."""
        lock = self._thread._tstate_lock
        if lock is not None and lock.acquire(True, ENDING_SECONDS):
            lock.release()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._thread, name)


SUBSTITUTES: dict[int, Any] = {id(_start_new_thread): start_new_thread}
if _start_joinable_thread is not None:
    SUBSTITUTES[id(_start_joinable_thread)] = start_joinable_thread


class ThreadModule:
    """Stands in for the module ``_thread`` in one call."""

    start_new_thread = staticmethod(start_new_thread)
    start_new = staticmethod(start_new_thread)
    start_joinable_thread = staticmethod(start_joinable_thread)

    def __getattr__(self, name: str) -> Any:
        return getattr(_thread, name)


THREAD_MODULE = ThreadModule()
