"""The worker processes of one schedule, as the conductor knows them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ....realtime import RealTime
from ....runtime.worker import Worker
from ....watch import tree
from .places import Place
from .wire import Channel


class Adopted:
    """A process that a worker has forked, with as much of :class:`multiprocessing.Process` as is needed."""

    def __init__(self) -> None:
        self.pid = 0

    @property
    def exitcode(self) -> int | None:
        info = tree.look(self.pid) if self.pid else None
        return None if info is not None and info.alive else 0

    def join(self, timeout: float) -> None:
        """Wait until it is gone, at most ``timeout`` seconds."""
        end = RealTime.monotonic() + timeout
        while self.exitcode is None and RealTime.monotonic() < end:
            time.sleep(0.001)


class State(Enum):
    """What a member does."""

    STARTING = "starting"
    READY = "ready"  # has announced its next operation
    RUNNING = "running"
    BLOCKED = "blocked"
    OUTSIDE = "outside"  # in a call that is not controlled
    DONE = "done"


@dataclass(eq=False)
class Member:
    """One worker process. ``waits`` is what it is blocked by: location, operation, virtual deadline, place; ``free``
    the operations before which it does not wait for its turn, ``heard`` counts what it has said; ``leaves``: it ends
    and does nothing more before."""

    worker: Worker
    channel: Channel
    process: Any
    state: State = State.STARTING
    waits: tuple[Any, str, float | None, Place | None] | None = None
    woken: bool = False
    report: bytes | None = None
    raised_at: tuple[str, int] = ("", 0)
    step: int = 0
    free: int = 0
    heard: int = 0
    leaves: bool = False

    @property
    def deadline(self) -> float | None:
        return self.waits[2] if self.state is State.BLOCKED and self.waits is not None else None

    @property
    def sleeps(self) -> bool:
        """Whether it waits for nothing but time."""
        return self.state is State.BLOCKED and self.waits is not None and self.waits[0] == ("sleep",)
