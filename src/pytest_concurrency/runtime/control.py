"""Whose code runs: the worker with the baton, the engine in the middle of a run, or nobody that is ours."""

from __future__ import annotations

from _thread import get_ident
from collections.abc import Iterator
from contextlib import contextmanager

from ..state import STATE
from .outside_calls import come_back, stray


def mine() -> bool:
    """Say whether the calling thread is the worker with the baton (after waiting for it, if it is a worker)."""
    run = STATE.run
    return run is not None and stray(run, get_ident())


def identity() -> int:
    """Return what the hooks know the caller by: a thread's identifier, or a greenlet's where gevent has patched."""
    return get_ident()


@contextmanager
def uncontrolled() -> Iterator[None]:
    """Let the engine run code in the middle of a run as if there were none."""
    run, ident = STATE.run, STATE.ident
    STATE.run, STATE.ident = None, 0  # type: ignore[assignment]
    try:
        yield
    finally:
        STATE.run, STATE.ident = run, ident


@contextmanager
def aside() -> Iterator[None]:
    """Let the engine run code on a worker's own thread in the middle of a run: hooks take it for nobody's. All others
    go on waiting for their turn."""
    run, ident = STATE.run, STATE.ident
    if run is None or ident != get_ident():
        yield
        return
    STATE.ident = 0
    try:
        yield
    finally:
        come_back(run, ident)
