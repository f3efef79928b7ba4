"""Threads that a run could not end: nobody may wait for them when the interpreter exits."""

from __future__ import annotations

import sys
import threading
from collections.abc import Set
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


def left_behind() -> Set[int]:
    """Return the threads that earlier runs let go although somebody was to wait for their end.

    Of what serves other tests, too, daemons are made: no test of theirs waits for what one of these may bring.
    """
    active: dict[int, threading.Thread] = threading._active  # type: ignore[attr-defined]
    return {ident for ident, known in STATE.left.items() if id(active.get(ident)) == known}
