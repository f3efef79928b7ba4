"""What of the interpreter is held steady, watched or kept quiet while a test is stressed, and then put back."""

from __future__ import annotations

import contextlib
import gc
import logging
import random
import sys
import threading
from collections.abc import Iterator

from ...runtime.worker import Abandon


@contextlib.contextmanager
def thread_starts() -> Iterator[list[threading.Thread]]:
    """Give a list of the threads that are started in the block."""
    started: list[threading.Thread] = []
    start = threading.Thread.start

    def noted(self: threading.Thread) -> None:
        started.append(self)
        start(self)

    threading.Thread.start = noted  # type: ignore[method-assign]
    try:
        yield started
    finally:
        threading.Thread.start = start  # type: ignore[method-assign]


@contextlib.contextmanager
def unwinding_unlogged() -> Iterator[None]:
    """Keep executors from logging, in the block, that a thread of theirs was ended with its run."""
    logger = logging.getLogger("concurrent.futures")

    def wanted(record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], Abandon))

    logger.addFilter(wanted)
    try:
        yield
    finally:
        logger.removeFilter(wanted)


@contextlib.contextmanager
def steady() -> Iterator[None]:
    """Put the interpreter into a state that does not vary from run to run; afterwards as it was before."""
    interval = sys.getswitchinterval()
    hook = threading.excepthook
    state = random.getstate()
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
        random.setstate(state)
        threading.excepthook = hook
        sys.setswitchinterval(interval)
