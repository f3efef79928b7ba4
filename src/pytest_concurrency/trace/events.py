"""The events that the happens-before and lock-order detectors read, whatever made them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum

from .outcome import Row

PLAIN, UPDATE, ITERATION = "plain", "update", "iteration"
"""Kinds of access; an update is one operation that reads and writes."""


class Action(Enum):
    """What a worker did.

    RELEASE is for locks: an acquire is ordered after the newest release. RELEASE_MERGE is for what several
    workers can signal (event, semaphore, barrier, notify): an acquire is ordered after every one of them.
    """

    READ = "read"
    WRITE = "write"
    ACQUIRE = "acquire"
    RELEASE = "release"
    RELEASE_MERGE = "release-merge"
    FORK = "fork"
    JOINED = "joined"


@dataclass(frozen=True, slots=True)
class Event:
    """One step of a trace.

    ``target`` is the location, the synchronisation object, or the worker started or joined. A target must stand for one
    thing in the whole trace: an ``id`` does so only while something keeps the object alive. ``where`` is handed back as
    it is, for example (path, line). ``blocking`` is false for an acquire that would not have waited, or not for ever:
    such a one takes no part in a deadlock.
    """

    action: Action
    worker: Hashable
    target: Hashable
    where: object = None
    blocking: bool = True


@dataclass(frozen=True, slots=True)
class Touch:
    """The ``where`` of an access: its row, its kind, and the sites of the reads from which a write is computed."""

    row: Row
    kind: str = PLAIN
    sources: tuple[str, ...] = ()


Clock = dict[Hashable, int]


def merge(clock: Clock, other: Clock) -> None:
    """Raise every entry of ``clock`` to that of ``other``, in place."""
    for worker, count in other.items():
        if clock.get(worker, 0) < count:
            clock[worker] = count
