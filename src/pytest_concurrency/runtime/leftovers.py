"""Threads that a run could not end: nobody may wait for them when the interpreter exits."""

from __future__ import annotations

import sys
import threading
from collections.abc import Collection, Set
from functools import partial
from typing import Any

from ..state import STATE


def let_go(thread: threading.Thread) -> None:
    """Take ``thread``, which is left behind in a call that nobody can end, off the lists of those that the interpreter
    joins at its exit: executors' threads, and up to 3.12 all that are no daemons (3.13 is told when it starts one)."""
    if not thread.daemon:
        STATE.left[thread.ident or 0] = id(thread)  # a new thread may have the identifier of an old one
    executors: Any = sys.modules.get("concurrent.futures.thread")
    if executors is not None:
        executors._threads_queues.pop(thread, None)
    locks: Any = getattr(threading, "_shutdown_locks", None)
    if locks is not None:
        locks.discard(getattr(thread, "_tstate_lock", None))


def exit_without(threads: Collection[threading.Thread]) -> None:
    """Let this process exit although ``threads`` still run; it waits for all others as ever."""
    for thread in threads:
        let_go(thread)
    shutdown: Any = getattr(threading, "_thread_shutdown", None)  # from 3.13 on it is C code that waits for all
    if shutdown is not None and any(thread.is_alive() for thread in threads):
        threading._thread_shutdown = partial(_join_all_but, frozenset(threads))  # type: ignore[attr-defined]


def _join_all_but(threads: Set[threading.Thread]) -> None:
    """Join what the interpreter would join at its exit, but for ``threads``."""
    passed = threads | {threading.current_thread(), threading.main_thread()}
    while others := [thread for thread in threading.enumerate() if not thread.daemon and thread not in passed]:
        others[0].join()


def left_behind() -> Set[int]:
    """Return the threads that earlier runs let go although somebody was to wait for their end.

    Of what serves other tests, too, daemons are made: no test of theirs waits for what one of these may bring.
    """
    active: dict[int, threading.Thread] = threading._active  # type: ignore[attr-defined]
    return {ident for ident, known in STATE.left.items() if id(active.get(ident)) == known}
