"""What the monitor records of a block, as plain data; the detectors read nothing else."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...instrument.deferred import outer
from .kernel import Sleeping


@dataclass(frozen=True, slots=True)
class FrameView:
    """One Python frame as it stood: ``lasti`` is the byte offset of the running instruction.

    ``variables`` are the local variables of the innermost frames, None further out. ``runs`` is set where this is the
    place that spawned a greenlet which is in a C function, and so has no frame: that function.
    """

    code: types.CodeType
    lasti: int
    line: int
    namespace: Mapping[str, Any]
    variables: Mapping[str, Any] | None
    runs: Any = None

    def stands(self, frame: types.FrameType) -> bool:
        """Return whether ``frame`` is still where it was: at the same instruction, with the same objects in its local
        variables. Else it has been round a loop meanwhile."""
        if frame.f_lasti != self.lasti:
            return False
        seen, now = self.variables or {}, dict(frame.f_locals)
        return seen.keys() == now.keys() and all(now[name] is value for name, value in seen.items())


@dataclass(frozen=True, slots=True)
class Sample:
    """The main thread at one moment: its stack (innermost first) and the system call it slept in, if any.

    A thread that has not moved on since the sample before has the very same ``frames``. ``at`` in seconds of the
    performance counter; ``identity`` of the innermost frame.
    """

    at: float
    identity: int
    frames: tuple[FrameView, ...]
    sleeping: Sleeping | None


@dataclass(frozen=True, slots=True)
class SlowCall:
    """A call of C code that was timed exactly: the callable, its first argument, the stack, seconds it took.

    ``cpu`` seconds of processor time; ``slept`` whether the thread gave the processor up of its own accord and was
    pushed off it at most once.
    """

    frames: tuple[FrameView, ...]
    function: Any
    first: Any
    seconds: float
    cpu: float = 0.0
    slept: bool = False


@dataclass(frozen=True, slots=True)
class Who:
    """The greenlet that kept the thread: its spawn ``path``, whether it is the test's own (``main``), how many
    ``others`` were alive, and the file and line that spawned it (``"", 0``: not known)."""

    path: str
    main: bool = False
    others: int = 0
    spawned: tuple[str, int] = ("", 0)


@dataclass(frozen=True, slots=True)
class Block:
    """One stretch in which one greenlet kept the thread.

    ``seconds`` by the clock, ``cpu`` of processor time (without garbage collection), ``collecting`` seconds of garbage
    collection; ``since`` is when it began, in seconds of the performance counter.
    """

    who: Who
    seconds: float
    cpu: float
    collecting: float
    samples: tuple[Sample, ...]
    calls: tuple[SlowCall, ...] = ()
    since: float = 0.0


def view_stack(frame: types.FrameType | None, with_variables: int = 4, depth: int = 64) -> tuple[FrameView, ...]:
    """Return the stack from ``frame`` outwards; the first ``with_variables`` frames keep their local variables."""
    views: list[FrameView] = []
    while frame is not None and len(views) < depth:
        variables = dict(frame.f_locals) if len(views) < with_variables else None
        views.append(FrameView(frame.f_code, frame.f_lasti, frame.f_lineno or 0, frame.f_globals, variables))
        frame = outer(frame)
    return tuple(views)
