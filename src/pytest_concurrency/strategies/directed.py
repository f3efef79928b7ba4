"""Directed schedules: make one suspicion come true with a single preemption.

The first worker to reach a given operation is held there until another worker has done something that conflicts with
it on the same location; then it goes on. This is the confirmation phase of active testing (Sen: Race Directed Random
Testing, PLDI 2008; Park, Lu, Zhou: CTrigger, ASPLOS 2009).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from .base import NEVER, Candidate


class Operation(Protocol):
    """An operation on a location: a worker's announced one, or one that was done."""

    @property
    def loc(self) -> Any: ...

    @property
    def key(self) -> Any: ...


class Directed:
    """Hold a worker before the ``occurrence``-th execution of the site ``key`` until another one has written there
    (``any_access``: until it has made any conflicting access). ``path``: hold this worker only."""

    name = "directed"
    sites: frozenset[str] = frozenset()

    def __init__(
        self,
        key: str,
        occurrence: int = 1,
        last_first: bool = False,
        any_access: bool = False,
        path: str | None = None,
    ) -> None:
        self.key = key
        self._path = path
        self.occurrence = occurrence
        self._last_first = last_first
        self._any_access = any_access
        self._seen = 0
        self._held: Candidate | None = None
        self._hit = False
        self._done = False

    def begin(self, number: int) -> None:
        self._seen = 0
        self._held = None
        self._hit = False
        self._done = False

    def pick(
        self, enabled: Sequence[Candidate], current: Candidate | None, step: int, left: Candidate | None = None
    ) -> Candidate:
        if self._done:
            return current if current is not None else self._default(enabled)
        held = self._held
        if held is None:
            if current is None or current.site is None or current.site.key != self.key:
                return current if current is not None else self._default(enabled)
            if self._path is not None and current.path != self._path:
                return current
            self._seen += 1
            if self._seen < self.occurrence:
                return current
            held = self._held = current
        others = [worker for worker in enabled if worker is not held]
        if self._hit or not others:
            self._done = True
            return held if held in enabled else others[0]
        chosen = current if current is not None and current is not held else self._default(others)
        if meets(chosen, held) and (chosen.write or self._any_access):
            self._hit = True
        return chosen

    def _default(self, workers: Sequence[Candidate]) -> Candidate:
        return workers[-1 if self._last_first else 0]

    @property
    def held_path(self) -> str:
        """The path of the worker that was held, or ""."""
        return self._held.path if self._held is not None else ""

    def quiet_until(self, step: int) -> int:
        return NEVER if self._done else 0


class Nested:
    """Two preemptions, one inside the other: for three workers and more.

    The first worker to reach the site is held there; the one that then writes the same location is held right after
    it; a third runs; then the second goes on, and the first last. With ``last_first`` the worker that was made last is
    the first to run.
    """

    name = "nested"
    sites: frozenset[str] = frozenset()

    def __init__(self, key: str, last_first: bool = False) -> None:
        self.key = key
        self._default = -1 if last_first else 0
        self._held: list[Candidate] = []
        self._writer: Candidate | None = None
        self._done = False

    def begin(self, number: int) -> None:
        self._held = []
        self._writer = None
        self._done = False

    def pick(
        self, enabled: Sequence[Candidate], current: Candidate | None, step: int, left: Candidate | None = None
    ) -> Candidate:
        default = current if current is not None else enabled[self._default]
        if self._done:
            return default
        if not self._held:
            if current is None or current.site is None or current.site.key != self.key:
                return default
            self._held.append(current)
        if current is not None and current is self._writer:
            self._held.append(current)
            self._writer = None
        free = [worker for worker in enabled if worker not in self._held]
        if not free:
            self._done = True
            return next((worker for worker in reversed(self._held) if worker in enabled), enabled[0])
        chosen = current if current is not None and current in free else free[self._default]
        if len(self._held) == 1 and chosen.write and meets(chosen, self._held[0]):
            self._writer = chosen
        return chosen

    def quiet_until(self, step: int) -> int:
        return NEVER if self._done else 0


def meets(a: Operation, b: Operation) -> bool:
    """Say whether two announced operations are on one location: the same item, or the whole of one container."""
    if a.loc is None or a.loc != b.loc:
        return False
    return bool(a.key == b.key or a.key == a.loc or b.key == b.loc)


class HoldAll:
    """Make a suspected deadlock come true: hold every worker of a cycle before the acquire that closes it.

    ``points`` are (worker path, site key, occurrence). The held ones go on together when nobody else can run. This is
    the confirmation phase of DeadlockFuzzer (Joshi, Park, Sen, Naik: PLDI 2009). ``kept_out`` says afterwards that a
    worker of the cycle waited for something else while the others were held: they are never all there at once.
    """

    name = "hold-all"
    sites: frozenset[str] = frozenset()

    def __init__(self, points: Sequence[tuple[str, str, int]]) -> None:
        self._points = frozenset(points)
        self._held: dict[str, Candidate] = {}
        self._done = False
        self.kept_out = False

    def begin(self, number: int) -> None:
        self._held = {}
        self._done = False
        self.kept_out = False

    def pick(
        self, enabled: Sequence[Candidate], current: Candidate | None, step: int, left: Candidate | None = None
    ) -> Candidate:
        if self._done:
            return current if current is not None else enabled[0]
        if current is not None and self._at_point(current):
            self._held[current.path] = current
        free = [worker for worker in enabled if worker.path not in self._held]
        if not free or len(self._held) == len(self._points):
            self._done = True
            together = all(self._at_point(worker) for worker in self._held.values())
            self.kept_out = len(self._held) < len(self._points) or not together
            return enabled[0]
        return current if current is not None and current in free else free[0]

    def _at_point(self, worker: Candidate) -> bool:
        where = (worker.path, worker.site.key, worker.occurrence) if worker.site is not None else None
        return where in self._points and not worker.done

    def quiet_until(self, step: int) -> int:
        return NEVER if self._done else 0


class StepOver:
    """Hold the first worker to reach a call for the ``occurrence``-th time until all others have ended or block;
    with ``last_first`` the worker that was made last is the first to run."""

    name = "step-over"

    def __init__(self, key: str, occurrence: int = 1, last_first: bool = False) -> None:
        self.key = key
        self._default = -1 if last_first else 0
        self.sites = frozenset((key,))
        self.occurrence = occurrence
        self._seen = 0
        self._held: Candidate | None = None
        self._done = False

    def begin(self, number: int) -> None:
        self._seen = 0
        self._held = None
        self._done = False

    def pick(
        self, enabled: Sequence[Candidate], current: Candidate | None, step: int, left: Candidate | None = None
    ) -> Candidate:
        default = current if current is not None else enabled[self._default]
        if self._done:
            return default
        if self._held is None:
            if current is None or current.site is None or current.site.key != self.key:
                return default
            self._seen += 1
            if self._seen < self.occurrence:
                return current
            self._held = current
        others = [worker for worker in enabled if worker is not self._held]
        if not others:
            self._done = True
            return enabled[0]
        return current if current is not None and current is not self._held else others[self._default]

    @property
    def held_path(self) -> str:
        """The path of the worker that was held, or ""."""
        return self._held.path if self._held is not None else ""

    def quiet_until(self, step: int) -> int:
        return NEVER if self._done else 0


class Chain:
    """Hold one worker at the first point, then another at the next, and so on, while the others run to their end or
    block; then the one held last goes on first. For what is there only while others are in the middle of something.

    A point is a site's key and the path of the worker that is to run until it is there, or "" for whoever comes.
    """

    name = "chain"
    sites: frozenset[str] = frozenset()

    def __init__(self, *points: tuple[str, str]) -> None:
        self._points = points
        self._held: list[Candidate] = []
        self._done = False

    def begin(self, number: int) -> None:
        self._held = []
        self._done = False

    def pick(
        self, enabled: Sequence[Candidate], current: Candidate | None, step: int, left: Candidate | None = None
    ) -> Candidate:
        default = current if current is not None else enabled[0]
        if self._done:
            return default
        if self._at_next_point(current):
            self._held.append(current)  # type: ignore[arg-type]
        free = [worker for worker in enabled if worker not in self._held]
        if not free:
            self._done = True
            return next((worker for worker in reversed(self._held) if worker in enabled), default)
        wanted = self._points[len(self._held)][1] if len(self._held) < len(self._points) else ""
        return next((worker for worker in free if worker.path == wanted), default if default in free else free[0])

    def _at_next_point(self, worker: Candidate | None) -> bool:
        if worker is None or worker.site is None or worker in self._held or len(self._held) == len(self._points):
            return False
        key, path = self._points[len(self._held)]
        return worker.site.key == key and path in ("", worker.path)

    def quiet_until(self, step: int) -> int:
        return NEVER if self._done else 0
