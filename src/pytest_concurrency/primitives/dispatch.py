"""From an object met in a method call or a ``with`` statement to its controlled stand-in; and the table of hooks."""

from __future__ import annotations

import _thread
import builtins
import contextvars
import sys
import threading
import time
import types
from _thread import get_ident
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..instrument.deferred import outer
from ..instrument.sites import Site
from ..instrument.vocabulary import CALENDAR_METHODS, ENTER_CONTEXT, SYNC_MODULES
from ..runtime import pool
from ..runtime.containers import container_kind
from ..runtime.control import mine
from ..runtime.hooks.container_calls import container_call
from ..runtime.hooks.table import hooks
from ..runtime.rows import note
from ..runtime.standstill import called_from
from ..state import STATE
from ..strategies.pending import END_QUESTIONS, QUESTIONS
from . import builtin_calls, clocks, exit_stacks, library_calls, threads
from .intents import intend_call
from .locks import LOCK_TYPES, AnnouncedLock, ControlledLock
from .simple_queue import QUEUE_TYPE, ControlledSimpleQueue
from .thread_pools import ControlledPool
from .threads import HANDLE_TYPE, THREAD_MODULE, ControlledHandle, ControlledThread

_SIGNALS = frozenset({"Condition.notify", "Condition.notify_all", "Event.set", "Semaphore.release"})
_POOL = pool.__file__
_RESULTS = frozenset({"Future.set_result", "Future.set_exception"})
"""Announced although the standard library calls them: they are what an executor's thread does for others to see."""
_READS = QUESTIONS | END_QUESTIONS


def _module(obj: types.ModuleType, site: Site) -> Any:
    if obj is time:
        return clocks.TIME
    if obj is _thread:
        return THREAD_MODULE
    return library_calls.module(obj, site.name)


def _begin(obj: Any, site: Site) -> Any:
    """Announce that a started thread is about to run: others may go first, whatever it does then."""
    if site.muted and site.qualname == "Thread._bootstrap_inner":
        STATE.run.announce(STATE.worker, site, (id(obj), "call"), False)
    return obj


def _none(obj: Any, site: Site) -> Any:
    return obj


_HANDLERS: dict[type, Callable[[Any, Site], Any]] = {
    LOCK_TYPES[0]: ControlledLock,
    LOCK_TYPES[1]: ControlledLock,
    QUEUE_TYPE: ControlledSimpleQueue,
    types.ModuleType: _module,
}
if HANDLE_TYPE is not None:
    _HANDLERS[HANDLE_TYPE] = ControlledHandle


def _handler(cls: type, name: str) -> Callable[[Any, Site], Any]:
    """Return what makes the stand-in for an object of ``cls`` in a call of its method ``name``."""
    known = _HANDLERS.get(cls)
    if known is not None:
        return known
    if name == "_wait_for_tstate_lock" and issubclass(cls, threading.Thread):
        return ControlledThread
    if name == "_wait_for_updates" and cls is type:
        return _pool
    if name == "run" and issubclass(cls, (threading.Thread, contextvars.Context)):  # a context from 3.14 on
        return _begin
    if name in CALENDAR_METHODS and issubclass(cls, type):
        return _calendar
    if issubclass(cls, threading.Condition) and name in ("acquire", "release", "_release_save", "_acquire_restore"):
        return _condition
    if container_kind(cls):
        return container_call
    if name == ENTER_CONTEXT and exit_stacks.is_stack(cls):
        return exit_stacks.ControlledExitStack
    for base in (LOCK_TYPES[1], QUEUE_TYPE):
        if issubclass(cls, base) and getattr(cls, name, None) is getattr(base, name, None):
            return _HANDLERS[base]
    return _none


def _calendar(obj: Any, site: Site) -> Any:
    return clocks.calendar(obj, site.name)


def _pool(obj: Any, site: Site) -> Any:
    return ControlledPool(obj, site) if obj.__module__ == "multiprocessing.pool" else obj


def _condition(obj: Any, site: Site) -> Any:
    """A condition carries bound methods of its lock as attributes: go to the lock itself where that is so."""
    bound = vars(obj).get(site.name)
    lock = getattr(bound, "__self__", None)
    return ControlledLock(lock, site) if type(lock) in LOCK_TYPES else obj


def method(obj: Any, site: Site) -> Any:
    """Return what stands in for ``obj`` while its method ``site.name`` is looked up and called."""
    if get_ident() != STATE.ident and not mine():
        return obj
    cls = type(obj)
    handler = site.cache.get(("handler", cls))
    if handler is None:
        handler = site.cache["handler", cls] = _handler(cls, site.name)
    return handler(obj, site)


def loaded(obj: Any, site: Site) -> Any:
    """Return what stands in for ``obj`` while its method ``site.name`` is looked up, to be called later."""
    cls = type(obj)
    if not issubclass(cls, QUEUE_TYPE) or getattr(cls, site.name, None) is not getattr(QUEUE_TYPE, site.name):
        return obj
    return ControlledSimpleQueue(obj, site)


def enter(obj: Any, site: Site) -> Any:
    """Return what stands in for the context manager ``obj`` of a ``with`` statement."""
    cls = type(obj)
    if cls is LOCK_TYPES[0]:
        if get_ident() != STATE.ident and not mine():
            return obj
        run = STATE.run
        if not run.light or site.muted:
            return ControlledLock(obj, site)
        worker = STATE.worker
        worker.key = loc = (id(obj), "lock")
        run.announce(worker, site, loc, True)
        # A free lock stays free until the worker's next announcement: it can be taken without our help.
        return AnnouncedLock(obj, site) if obj.locked() else obj
    if cls is LOCK_TYPES[1] and (get_ident() == STATE.ident or mine()):
        return ControlledLock(obj, site)
    return obj


def substitute(obj: Any, site: Site | None) -> Any:
    """Return what stands in for a library function that was loaded from a global; other objects as they are."""
    stand_in = _STAND_INS.get(id(obj))
    if stand_in is None or (get_ident() != STATE.ident and not mine()):
        return obj
    return stand_in


def call(obj: Any, site: Site) -> None:
    """Announce a method of the standard library's primitives, once, at its beginning."""
    if get_ident() != STATE.ident and not mine():
        return
    caller = outer(sys._getframe(1)) or sys._getframe(1)
    if caller.f_globals.get("__name__") in SYNC_MODULES and site.name not in _RESULTS:
        return
    run, worker, name = STATE.run, STATE.worker, site.name
    path, line = caller.f_code.co_filename, caller.f_lineno
    if path == _POOL:  # the worker runs nothing else
        path, line = called_from(run, worker)[1] or (path, line)
    worker.operation = (name, 0 if name in ("Thread.start", "Thread.join") else id(obj), path, line)
    write = name not in _READS
    loc = (id(obj._lock), "lock") if name == "Condition.__enter__" else (id(obj), "call")
    worker.key = loc
    if run.releases:
        intend_call(run, worker, obj, name, loc)
    run.announce(worker, site, loc, write)
    if run.observing:
        run.observe(worker, site, loc, write, obj)
        if run.recorder is not None and name == "Event.is_set":
            run.recorder.heard(worker, name, obj)
        if name == "Condition.__enter__" and worker.held and id(obj._lock) not in worker.held:
            run.nested.append((worker.path, site.key, worker.occurrence, frozenset(worker.held), id(obj._lock)))
    if run.rows is not None:
        note(run, worker, site, name.partition(".")[2], type(obj).__name__, "", (id(obj), "call"))
        last = run.rows[-1]
        run.rows[-1] = type(last)(
            last.worker, path, line, last.action, last.target, last.value, last.site,
            last.step, last.location, True,
        )  # fmt: skip
    if name == "Future.set_exception":
        run.failed_tasks.append((worker.path, obj))
    if name in _SIGNALS:
        run.signals[id(obj)] = worker.path


HOOKS = replace(hooks(method, enter, call, substitute), loaded=loaded)

SUBSTITUTES: dict[int, Any] = {**clocks.SUBSTITUTES, **threads.SUBSTITUTES}
BUILTINS = builtin_calls.CONTROLLED
LIBRARY = library_calls.STAND_INS
_STAND_INS = {
    **SUBSTITUTES,
    **LIBRARY,
    **{id(getattr(builtins, name)): function for name, function in BUILTINS.items()},
}
