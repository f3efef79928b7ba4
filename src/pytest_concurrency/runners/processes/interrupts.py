"""Ctrl-C while workers are forked: Python drops what is raised in the hooks that run after a fork."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

_MASKS = hasattr(signal, "pthread_sigmask")


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Keep the interrupt of the calling thread until the end; a child that is forked within calls :func:`let_in`."""
    if not _MASKS:
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def let_in() -> None:
    """Let interrupts in again, in a worker that was forked while they were held back."""
    if _MASKS:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
