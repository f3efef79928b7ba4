"""What happened in a run, as plain data for the detectors and the explainer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DELETED = "deleted"
"""Told as the value of what is no longer there."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing a worker did: at ``path:line``, ``action`` on ``target`` with ``value``; ``site`` its key.

    ``step`` counts the announcements of the run; rows are in the order in which they happened. ``reachable`` says
    whether a GIL build may switch threads between this worker's previous access of something shared and this row.
    ``value`` is cut where it is long; ``kept`` is the value as it is remembered, to be compared (``...``: not known).
    """

    worker: str
    path: str
    line: int
    action: str
    target: str
    value: str = ""
    site: str = ""
    step: int = 0
    location: Any = None
    reachable: bool = True
    kept: Any = field(default=..., compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Switch:
    """The baton went to ``to``: before step ``step``, while ``worker`` was about to act at ``site`` for the
    ``occurrence``-th time; where it had blocked or ended instead (``forced``) there is no site, and ``occurrence``
    counts how often it has blocked. ``chosen``: the default policy would have done otherwise."""

    step: int
    worker: str
    site: str
    occurrence: int
    to: str
    forced: bool
    chosen: bool
    ended: bool


@dataclass(frozen=True, slots=True)
class LostUpdate:
    """A worker wrote a location from a value that another worker had replaced in between.

    ``value`` is what it wrote, as remembered; ``occurrence`` and ``read_occurrence`` number its acts at the two sites.
    """

    target: str
    worker: str
    other: str
    read: Row
    overwritten: Row
    write: Row
    value: Any = None
    occurrence: int = 0
    read_occurrence: int = 0

    @property
    def place(self) -> tuple[str, str]:
        return self.read.site, self.write.site


@dataclass(frozen=True, slots=True)
class Blocked:
    """A worker that could not go on when the run was stuck; ``lock``, the location of the lock that it waits for, and
    ``lock_name``, that lock's name in the source, where it is one. ``kind``: what the library calls the ``operation``,
    where that is given as the source has it."""

    worker: str
    path: str
    line: int
    operation: str
    waits_for: str
    holder: str
    holder_line: int
    holder_path: str
    signalled_before: bool
    daemon: bool
    idle_in_pool: bool = False
    holder_ended: bool = False
    lock: Any = None
    lock_name: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Died:
    """A worker that had ended with an exception before the run was stuck, or (``task``) one whose task had.

    ``at`` is where it was (path and line) where another one threw the exception into it.
    """

    worker: str
    error: BaseException
    task: bool = False
    at: tuple[str, int] = ("", 0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run ended.

    ``error`` is the exception that left the test's body, ``stuck`` the workers of a deadlock, ``died`` those that had
    died before, ``livelock`` a sentence where the workers ran without progress, ``lost`` the lost updates seen,
    ``unseen`` exceptions that ended a thread unseen, ``leaked`` threads left running, ``timed_out`` that real time ran
    out, ``external`` places where a worker blocked outside the engine's control, ``failed_at`` the operation at which
    the failure showed, ``failing`` the workers in which an exception showed it. ``polled_seconds`` are those of the
    virtual ones for which nobody slept or waited.
    """

    number: int
    steps: int
    switches: tuple[Switch, ...]
    preemptions: int
    error: BaseException | None = None
    stuck: tuple[Blocked, ...] = ()
    died: tuple[Died, ...] = ()
    livelock: str = ""
    lost: tuple[LostUpdate, ...] = ()
    unseen: tuple[tuple[str, BaseException], ...] = ()
    leaked: tuple[Blocked, ...] = ()
    timed_out: str = ""
    external: tuple[tuple[str, str, int], ...] = ()
    rows: tuple[Row, ...] = ()
    workers: tuple[str, ...] = ()
    virtual_seconds: float = 0.0
    polled_seconds: float = 0.0
    failed_at: int = 0
    failing: tuple[str, ...] = ()
