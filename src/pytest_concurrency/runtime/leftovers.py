"""Threads that a run could not end: nobody may wait for them when the interpreter exits."""

from __future__ import annotations

import sys
import threading
from typing import Any


def let_go(thread: threading.Thread) -> None:
    """Take ``thread``, which is left behind in a call that nobody can end, off the lists of those that the interpreter
    joins at its exit: executors' threads, and up to 3.12 all that are no daemons (3.13 is told when it starts one)."""
    executors: Any = sys.modules.get("concurrent.futures.thread")
    if executors is not None:
        executors._threads_queues.pop(thread, None)
    locks: Any = getattr(threading, "_shutdown_locks", None)
    if locks is not None:
        locks.discard(getattr(thread, "_tstate_lock", None))
