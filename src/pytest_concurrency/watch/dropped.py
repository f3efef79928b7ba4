"""What the queues of a child process drop because it cannot be pickled.

The thread that feeds the pipe prints it, or not even that where the process is about to end, and nobody is told.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Iterable, Iterator
from multiprocessing import queues, reduction
from pathlib import Path
from typing import Any

from .pickling import find_culprit, kind_of
from .record import NOWHERE, PickleFailed, Site
from .rows import leave, left_in
from .sites import caller

_KEPT = 256


class Dropped:
    """Leaves word in ``directory`` of each item that a queue of this process drops."""

    def __init__(self, directory: str, rootdir: str) -> None:
        self._directory = directory
        self._rootdir = rootdir
        self._sites: dict[int, Site] = {}

    def install(self) -> None:
        """Hook ``Queue``, for the rest of this process's life."""
        queue: Any = queues.Queue
        pickler: Any = reduction.ForkingPickler
        put, plain = queue.put, pickler.dumps

        def put_(queue: Any, obj: Any, *args: Any, **kwargs: Any) -> Any:
            while len(self._sites) >= _KEPT:
                self._sites.pop(next(iter(self._sites)), None)
            self._sites[id(obj)] = caller(self._rootdir)
            return put(queue, obj, *args, **kwargs)

        def dumps(cls: Any, obj: Any, protocol: Any = None) -> Any:
            try:
                return plain(obj, protocol)
            except Exception:
                if drops(sys._getframe(1)):
                    with contextlib.suppress(Exception):
                        self._tell(obj)
                raise

        queue.put = put_
        pickler.dumps = classmethod(dumps)

    def _tell(self, obj: object) -> None:
        found = find_culprit(obj, "item")
        if found is None:
            return
        path, culprit, text = found
        row = [*dataclasses.astuple(self._sites.get(id(obj), NOWHERE)), f"{path} (a {kind_of(culprit)})", text]
        leave(self._directory, "dropped", [row])


def drops(frame: Any) -> bool:
    """Say whether ``frame`` is that of the thread of a queue which drops what it cannot pickle."""
    onerror = frame.f_locals.get("onerror") if frame.f_code.co_name == "_feed" else None
    return getattr(onerror, "__qualname__", "") == "Queue._on_queue_feeder_error"


def read_dropped(paths: Iterable[Path]) -> Iterator[PickleFailed]:
    """Yield what children have written into these files."""
    for path in paths:
        for *site, culprit, text in left_in(path):
            yield PickleFailed(Site(*site), "an item of a queue", culprit, text, lost=True)
