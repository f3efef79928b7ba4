"""A worker: one thread of control in a controlled run, and what it waits for."""

from __future__ import annotations

import threading
from _thread import allocate_lock
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from types import CodeType

    from ..instrument.sites import Site
    from .outsiders import Resident
    from .passed import Call


class Abandon(BaseException):
    """Raised in a worker whose run is being given up, to unwind it at its own pace."""


class Detached(BaseException):
    """Raised in a parked worker whose run is over while its thread lives on: what it waits for is to be waited for
    in real time, by ``resident``."""

    def __init__(self, resident: Resident) -> None:
        super().__init__()
        self.resident = resident


class Wait(Protocol):
    """A reason to be parked."""

    deadline: float | None

    def ready(self) -> bool:
        """Say whether the worker could go on now."""
        ...

    def describe(self) -> str:
        """Say in a few words what is waited for."""
        ...


class Tag:
    """Who accessed a location, under which locks, and after what (fork and join order only)."""

    __slots__ = ("before", "held", "index", "segment", "write")

    def __init__(self, index: int, segment: int, before: dict[int, int], held: frozenset[int], write: bool) -> None:
        self.index = index
        self.segment = segment
        self.before = before
        self.held = held
        self.write = write

    def unordered(self, other: Tag) -> bool:
        """Say whether neither access is forced before the other by a thread's start or join."""
        return self.segment > other.before.get(self.index, -1) and other.segment > self.before.get(other.index, -1)


class Worker:
    """One worker of one run.

    ``path`` is its spawn path ("main", "0", "0.1"), ``index`` its place in the order of creation; ``origin`` is the
    place (path, line) where its thread was started, ``entry`` the code that it was started to run, as far as they are
    known. ``body`` is what it runs on a thread of the pool, and is let go when it has begun.

    ``site``, ``loc`` and ``write`` describe the operation that it has announced and not yet done. ``loc`` is the
    location that counts for scheduling (a container), ``key`` the exact one (the container's item). ``occurrence`` says
    how often it has come to the site, ``parks`` how often it has blocked; ``section`` counts acquires and releases.
    ``intent`` says what a synchronising operation is about to do, where the strategy asks for it.

    ``inside``: it runs its body, and :class:`Abandon` may be raised in it from outside; ``interrupting``: that is being
    done; ``interrupted``: it was done.

    ``reads`` holds what it last read at each site that writes are computed from, ``defaults`` the same for instances
    that have only their class's value yet, ``calls`` which call was made to the function that returns what was read.
    ``last_site`` and ``last_depth`` say where its last row is from, ``switchable`` whether a GIL build may have
    switched threads since it last touched something shared.
    """

    __slots__ = (
        "abandoned", "before", "body", "calls", "children", "counts", "daemon", "defaults", "done", "entry", "error",
        "external", "gate", "held", "ident", "index", "inside", "intent", "interrupted", "interrupting", "key",
        "last_depth", "last_run", "last_site", "loc", "native_id", "occurrence", "operation", "origin", "parks", "path",
        "read_tag", "reads", "resident", "result", "section", "segment", "site", "started", "switchable", "tags",
        "thread", "timed_out", "wait", "write", "write_tag",
    )  # fmt: skip

    def __init__(self, path: str, index: int, parent: Worker | None, daemon: bool = False) -> None:
        self.path = path
        self.index = index
        self.daemon = daemon
        self.gate = allocate_lock()
        self.gate.acquire()
        self.ident = 0
        self.native_id = 0
        self.started = False
        self.done = False
        self.external = False
        self.abandoned = False
        self.inside = False
        self.interrupting = False
        self.interrupted = False
        self.timed_out = False
        self.wait: Wait | None = None
        self.site: Site | None = None
        self.loc: Any = None
        self.key: Any = None
        self.intent: Any = None
        self.section = 0
        self.write = False
        self.occurrence = 0
        self.last_site: Site | None = None
        self.last_depth = 0
        self.switchable = False
        self.counts: dict[Site, int] = {}
        self.children = 0
        self.last_run = 0
        self.parks = 0
        self.held: dict[int, Any] = {}
        self.reads: dict[Site, tuple[Any, int, Any, int, int]] = {}
        self.defaults: dict[Site, tuple[Any, int, Any, int, int]] = {}
        self.calls: dict[Site, Call | None] = {}
        self.operation: tuple[str, int, str, int] | None = None
        self.origin: tuple[str, int] | None = None
        self.thread: threading.Thread | None = None
        self.resident: Resident | None = None
        self.entry: CodeType | None = None
        self.body: Callable[[], Any] | None = None
        self.result: Any = None
        self.error: BaseException | None = None
        self.segment = 0
        self.before: dict[int, int] = {}
        self.tags: dict[tuple[int, frozenset[int], bool], Tag] = {}
        self.read_tag: Tag | None = None
        self.write_tag: Tag | None = None
        if parent is not None:
            self.before = {**parent.before, parent.index: parent.segment}
            parent.segment += 1
            parent.retag()

    def retag(self) -> None:
        """Note that the segment or the held locks have changed."""
        self.read_tag = self.write_tag = None

    def tag(self, write: bool) -> Tag:
        """Return the tag of an access made now; made when it is first asked for, since few runs ask."""
        tag = self.write_tag if write else self.read_tag
        if tag is None:
            held = frozenset(self.held)
            key = (self.segment, held, write)
            tag = self.tags.get(key)
            if tag is None:
                tag = self.tags[key] = Tag(self.index, self.segment, self.before, held, write)
            if write:
                self.write_tag = tag
            else:
                self.read_tag = tag
        return tag

    def joined(self, other: Worker) -> None:
        """Note that everything ``other`` did is now in this worker's past."""
        self.segment += 1
        self.before = {**self.before, **other.before, other.index: other.segment}
        self.retag()

    def take_result(self) -> Any:
        """Return what the body returned and let go of it: the worker lives until its run is over."""
        result, self.result = self.result, None
        return result

    def __repr__(self) -> str:
        return f"<Worker {self.path}>"
