"""The shared memory and the locks that outlive a schedule: as they were before it, for the next one to begin alike.

Fixtures of function scope are made afresh; a ``Value`` or a ``Lock`` of a module or of a wider fixture is not. A worker
that is ended in the middle leaves the locks it holds locked.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
from collections.abc import Mapping
from multiprocessing import heap, resource_tracker, synchronize, util
from typing import Any

_LIMIT = 4 << 20  # bytes


class Snapshot:
    """Remembers what is in the shared memory of multiprocessing, and which locks are free."""

    def __init__(self) -> None:
        self._blocks: list[tuple[Any, int, bytes]] = []
        total = 0
        wrapper: Any = heap.BufferWrapper
        for arena, blocks in list(getattr(wrapper._heap, "_allocated_blocks", {}).items()):
            for start, stop in blocks:
                total += stop - start
                if total <= _LIMIT:
                    self._blocks.append((arena, start, bytes(arena.buffer[start:stop])))
        self._free = [lock for lock in _locks() if _value(lock) == 1]

    def restore(self) -> None:
        """Put everything back. No worker may be alive."""
        for arena, start, data in self._blocks:
            with contextlib.suppress(ValueError):  # the arena has been closed
                arena.buffer[start : start + len(data)] = data
        for lock in self._free:
            if _value(lock) == 0:
                ctypes.CDLL(None).sem_post(ctypes.c_void_p(lock._semlock.handle))


def tracker() -> tuple[Any, Any]:
    """Return what tells the resource tracker that this process talks to from those of others."""
    mine: Any = resource_tracker._resource_tracker
    return getattr(mine, "_pid", None), getattr(mine, "_fd", None)


def unlink(segments: Mapping[str, Any]) -> None:
    """Remove what is left of the shared memory that the workers of a schedule have made, by its names; each with the
    :func:`tracker` that was told of it, None for none. No process is left that would."""
    shm_unlink: Any = importlib.import_module("_posixshmem").shm_unlink
    for name, told in segments.items():
        try:
            shm_unlink(name)
        except OSError:
            continue
        if told == tracker():
            resource_tracker.unregister(name, "shared_memory")


def _locks() -> list[Any]:
    known = list(getattr(util, "_afterfork_registry", {}).values())
    return [lock for lock in known if isinstance(lock, (synchronize.Lock, synchronize.RLock))]


def _value(lock: Any) -> int:
    try:
        return int(lock._semlock._get_value())
    except NotImplementedError:  # macOS
        return -1
