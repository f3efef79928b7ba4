"""Ctrl-C while workers are forked: Python drops what is raised in the hooks that run after a fork."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import contextlib
import signal
from collections.abc import Iterator
from typing import Any

_MASKS = hasattr(signal, "pthread_sigmask")
_mask: Any = getattr(_signal, "pthread_sigmask", None)
"""The function itself: the one of :mod:`signal` makes members of an enumeration of what it returns, in each worker."""
_INTERRUPT = (int(signal.SIGINT),)
_BLOCK, _UNBLOCK, _SET = (int(getattr(signal, name, 0)) for name in ("SIG_BLOCK", "SIG_UNBLOCK", "SIG_SETMASK"))


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Keep the interrupt of the calling thread until the end; a child that is forked within calls :func:`let_in`."""
    if not _MASKS:
        yield
        return
    before = _mask(_BLOCK, _INTERRUPT)
    try:
        yield
    finally:
        _mask(_SET, before)


def let_in() -> None:
    """Let interrupts in again, in a worker that was forked while they were held back."""
    if _MASKS:
        _mask(_UNBLOCK, _INTERRUPT)
