"""The worker processes of one schedule, as the conductor knows them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from ....runtime.worker import Worker
from .places import Place
from .wire import Channel


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
    the operations before which it does not wait for its turn."""

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

    @property
    def deadline(self) -> float | None:
        return self.waits[2] if self.state is State.BLOCKED and self.waits is not None else None
