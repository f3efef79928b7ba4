"""Whether what workers poll may change although none of them does anything: for a child process, or the system.

A worker that polls is taken to wait for ever only where it looks at nothing but objects of this interpreter. What it
calls is listened to for a while, by its thread's profile function; and while a process that the run has started is
alive, time is the real one.
"""

from __future__ import annotations

import os
import sys
import types
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..instrument.vocabulary import CLOCKS
from ..realtime import RealTime
from ..source import PACKAGE
from ..state import STATE

if TYPE_CHECKING:
    from .execution import Execution
    from .worker import Worker

_INWARD = frozenset(
    {
        "_abc", "_bisect", "_collections", "_contextvars", "_datetime", "_decimal", "_functools", "_heapq", "_json",
        "_operator", "_queue", "_random", "_sre", "_string", "_struct", "_thread", "_tracemalloc", "_warnings",
        "_weakref", "_weakrefset", "array", "atexit", "binascii", "builtins", "collections", "copyreg", "datetime",
        "decimal", "functools", "gc", "itertools", "math", "operator", "queue", "re", "string", "sys", "types",
        "unicodedata", "weakref",
    }
)  # fmt: skip
"""Modules written in C whose functions, and whose classes' methods, look at nothing but objects of the interpreter."""
_OUTWARD = frozenset({"open", "input", "breakpoint", "__import__"})
"""Builtins that do look further."""
FRESH_SECONDS = 0.01
"""Real seconds for which it is taken to be known which child processes there are."""
_HELPERS = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")


def listen(run: Execution, worker: Worker) -> None:
    """Listen, from now on, to what ``worker`` calls, which runs on this thread, until it has looked outside."""
    if worker in run.outside.outward:
        return
    run.outside.listening = True
    run.outside.outward[worker] = sys.getprofile() is not None  # then nothing can be known
    if run.outside.outward[worker]:
        return

    def heard(frame: types.FrameType, event: str, arg: Any) -> None:
        if STATE.run is not run or run.outside.outward[worker]:
            sys.setprofile(None)
        elif event == "c_call" and not frame.f_code.co_filename.startswith(PACKAGE) and not _is_inward(arg):
            run.outside.outward[worker] = True

    sys.setprofile(heard)


def _is_inward(function: Any) -> bool:
    owner = getattr(function, "__self__", None)
    name = getattr(function, "__name__", "")
    if owner is None or isinstance(owner, types.ModuleType):
        module = getattr(getattr(function, "__objclass__", function), "__module__", "")
        if module == "time":
            return name == "sleep" or name in CLOCKS
        return module in _INWARD and not (module == "builtins" and name in _OUTWARD)
    cls = owner if isinstance(owner, type) else type(owner)
    defined = next((base for base in cls.__mro__ if name in vars(base)), cls)
    return defined.__module__ in _INWARD


class Children:
    """The child processes that a run starts."""

    def __init__(self) -> None:
        self._before = _pids() if _has_any() else frozenset[int]()
        self._known = frozenset[int]()
        self._until = 0.0

    def alive(self) -> bool:
        """Say whether one of them runs, as far as the system tells."""
        return any(_runs(pid) for pid in self.unreaped())

    def unreaped(self) -> frozenset[int]:
        """Return those that run, or have ended and nobody has asked for it yet."""
        now = RealTime.monotonic()
        # Asked in the midst of whatever the program does: an exception, though caught, may be too much for its stack.
        if now >= self._until:
            self._known = _pids() - self._before
            self._until = now + FRESH_SECONDS
        return self._known


@dataclass(slots=True)
class Outside:
    """What is known in one run of what may come from outside: the workers that were listened to, each with whether it
    has called what may look there (``listening``: there are such), and the processes that the run has started."""

    listening: bool = False
    outward: dict[Worker, bool] = field(default_factory=dict)
    children: Children = field(default_factory=Children)

    def may_help(self) -> bool:
        """Say whether what workers wait for may come from there, as far as is known."""
        return any(self.outward.values()) or self.children.alive()


def _has_any() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except (OSError, AttributeError):
        return False
    return True


def _pids() -> frozenset[int]:
    """Return the children of this process (Linux), but those that serve :mod:`multiprocessing`."""
    found: set[int] = set()
    try:
        for thread in os.listdir("/proc/self/task"):
            with open(f"/proc/self/task/{thread}/children", "rb") as children:
                found.update(map(int, children.read().split()))
    except (OSError, ValueError):
        pass
    for name in _HELPERS:
        for helper in vars(sys.modules.get(name, sys)).values():
            found.discard(getattr(helper, "_pid", None) or getattr(helper, "_forkserver_pid", None) or 0)
    return frozenset(found)


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except (OSError, IndexError):
        return False
