"""What a parked worker waits for; one class a reason, each able to say whether it is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..trace.locks import the_lock
from .worker import Worker


class LockWait:
    """Until a lock is free. ``free`` asks without taking it; ``label`` is what the lock is called in the source."""

    kind = "lock"

    def __init__(self, lock: Any, free: Callable[[], bool], deadline: float | None, label: str = "") -> None:
        self.lock = lock
        self.ready = free
        self.label = label
        self.deadline = deadline

    def describe(self) -> str:
        return the_lock(self.label)


class JoinWait:
    """Until workers have ended."""

    kind = "join"

    def __init__(self, workers: Sequence[Worker], deadline: float | None) -> None:
        self.workers = workers
        self.deadline = deadline

    def ready(self) -> bool:
        return all(worker.done for worker in self.workers)

    def describe(self) -> str:
        return "the end of " + ", ".join(f"worker {w.path}" for w in self.workers if not w.done)


class SleepWait:
    """Until a moment of virtual time."""

    kind = "sleep"

    def __init__(self, deadline: float) -> None:
        self.deadline: float | None = deadline

    def ready(self) -> bool:
        return False

    def describe(self) -> str:
        return "a sleep"


class ItemWait:
    """Until a C queue holds an item."""

    kind = "SimpleQueue.get"

    def __init__(self, queue: Any, deadline: float | None) -> None:
        self.queue = queue
        self.deadline = deadline

    def ready(self) -> bool:
        return not self.queue.empty()

    def describe(self) -> str:
        return "an item of a SimpleQueue"


class PipeWait:
    """Until a pipe that threads of this process write to holds something."""

    kind = "pipe"
    deadline: float | None = None

    def __init__(self, reader: Any) -> None:
        self.reader = reader

    def ready(self) -> bool:
        try:
            return bool(self.reader.poll(0))
        except OSError:  # it is closed
            return True

    def describe(self) -> str:
        return "an update of its pool"
