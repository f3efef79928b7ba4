"""The events of one run for the happens-before and lock-order detectors: accesses, locks, and what orders workers.

Used in the few runs that follow up a suspicion, never in others. Synchronisation is recorded as the operation that the
program asked for: what ``Queue.put`` does with its own locks is no event, that it hands an item over is one. Everything
recorded is kept alive until the run is over, so that an address stands for one thing.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..instrument.deferred import outer
from ..instrument.sites import METHOD, WHOLE, Site
from ..instrument.vocabulary import SYNC_MODULES
from ..source import PACKAGE
from ..trace.events import ITERATION, PLAIN, UPDATE, Action, Event, Touch
from ..trace.outcome import Row
from .worker import Worker

LIMIT = 20_000
"""Events after which nothing more is recorded: the beginning of a run is a trace in itself, its end is not."""

_SENDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Event.set": ("set",), "Semaphore.release": ("free",), "BoundedSemaphore.release": ("free",),
        "Queue.put": ("items",), "Queue.get": ("slots",), "Queue.task_done": ("done",),
        "Queue.shutdown": ("items", "slots"),
        "Future.set_result": ("result",), "Future.set_exception": ("result",), "Future.cancel": ("result",),
        "Barrier.wait": ("all",), "Barrier.abort": ("all",), "Barrier.reset": ("all",),
    }
)  # fmt: skip
"""What each operation tells others, one name a kind of message."""

_HEARS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Event.wait": ("set",), "Event.is_set": ("set",), "Event.clear": ("set",), "Semaphore.acquire": ("free",),
        "Queue.get": ("items",), "Queue.put": ("slots",), "Queue.join": ("done",),
        "Queue.qsize": ("items", "slots"), "Queue.empty": ("items",), "Queue.full": ("slots",),
        "Future.result": ("result",), "Future.exception": ("result",), "Future.done": ("result",),
        "Future.cancelled": ("result",), "Future.running": ("result",), "Future.add_done_callback": ("result",),
        "Future.cancel": ("result",), "Future.set_running_or_notify_cancel": ("result",),
        "Barrier.wait": ("all",),
    }
)  # fmt: skip


class Recorder:
    """Collects the first :data:`LIMIT` events of a run."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._kept: dict[int, object] = {}

    def _add(self, action: Action, worker: str, target: Any, where: object = None, blocking: bool = True) -> None:
        if len(self.events) < LIMIT:
            self.events.append(Event(action, worker, target, where, blocking))

    def access(
        self, worker: Worker, site: Site, key: Any, loc: Any, write: bool, target: str, accessed: object
    ) -> None:
        """Record an access to ``accessed`` or a part of it."""
        self._kept[id(accessed)] = accessed
        path, line = (site.path, site.line) if site.path else _place()
        row = Row(worker.path, path, line, "write" if write else "read", target, "", site.key, 0, loc)
        kind = PLAIN
        if site.kind == METHOD or (site.kind == WHOLE and write):
            kind = UPDATE
        elif site.kind == WHOLE and site.name == "iter" and site.function is not None:
            kind = ITERATION
        sources = tuple(source.key for source in site.derived)
        self._add(Action.WRITE if write else Action.READ, worker.path, key, Touch(row, kind, sources))

    def lock(self, worker: Worker, lock: Any, site: Site, taken: bool, for_ever: bool = True) -> None:
        """Record that ``worker`` has taken or freed ``lock``, or what that is a part of."""
        operation, owner = _operation() if site.muted else ("", None)
        if owner is not None:
            names = (_SENDS if taken else _HEARS).get(operation, ())
            for name in names:
                self._message(Action.RELEASE_MERGE if taken else Action.ACQUIRE, worker, owner, name)
            return
        self._kept[id(lock)] = lock
        path, line = _place() if site.muted else (site.path, site.line)
        place = (id(lock), "lock")
        action = "acquire" if taken else "release"
        row = Row(worker.path, path, line, action, site.label or "lock", "", site.key, 0, place)
        self._add(Action.ACQUIRE if taken else Action.RELEASE, worker.path, place, row, for_ever)

    def heard(self, worker: Worker, operation: str, owner: Any) -> None:
        """Record an operation that uses no lock and hears what others have said, such as ``Event.is_set``."""
        for name in _HEARS.get(operation, ()):
            self._message(Action.ACQUIRE, worker, owner, name)

    def handed(self, worker: Worker, queue: Any, put: bool) -> None:
        """Record an item put into, or got from, a queue in C."""
        self._message(Action.RELEASE_MERGE if put else Action.ACQUIRE, worker, queue, "items")

    def fork(self, parent: Worker, child: Worker) -> None:
        """Record that ``parent`` starts ``child``."""
        self._add(Action.FORK, parent.path, child.path)

    def joined(self, waiting: Worker, ended: Worker) -> None:
        """Record that ``waiting`` knows ``ended`` to have ended."""
        self._add(Action.JOINED, waiting.path, ended.path)

    def _message(self, action: Action, worker: Worker, owner: Any, name: str) -> None:
        if name == "slots" and getattr(owner, "maxsize", 1) <= 0:
            return
        self._kept[id(owner)] = owner
        self._add(action, worker.path, (id(owner), name))


def _frames() -> types.FrameType | None:
    """Return the innermost frame that is not this package's."""
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    return frame


def _operation() -> tuple[str, Any]:
    """Return the operation of the standard library whose part the lock is, and its object; ("", None) for none."""
    frame = _frames()
    while frame is not None and frame.f_globals.get("__name__") in SYNC_MODULES:
        name = frame.f_code.co_qualname
        if name in _SENDS or name in _HEARS:
            return name, frame.f_locals.get("self")
        frame = outer(frame)
        while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
            frame = outer(frame)
    return "", None


def _place() -> tuple[str, int]:
    """Return path and line of the innermost frame outside this package and the library's synchronisation."""
    frame = _frames()
    while frame is not None and (
        frame.f_globals.get("__name__") in SYNC_MODULES or frame.f_code.co_filename.startswith(PACKAGE)
    ):
        frame = outer(frame)
    return (frame.f_code.co_filename, frame.f_lineno) if frame is not None else ("", 0)
