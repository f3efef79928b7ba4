"""Threads that a run does not control and that may all the same bring what its workers wait for.

They are those that were there before the test (a server or an executor of a wider fixture), and those that an earlier
schedule started and that outlive it, because what they serve does: the idle threads of an executor in a module, the
daemon of a service that is made on first use. They run in real time.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from ..instrument.deferred import current
from ..realtime import RealTime
from ..state import STATE
from . import watchdog
from .carrier import CarrierThread
from .kernel import used_and_asleep
from .leftovers import left_behind
from .worker import Abandon

POLL_SECONDS = 0.05
"""Real seconds between two looks of a resident whether it is to end."""
ENDING_SECONDS = 1.0
"""Real seconds that such a thread has to end."""
_TIMER = "pytest_timeout"
"""Begins the name of the thread that pytest-timeout starts."""
_HARMLESS = (
    *("/execnet/", "/xdist/", "/pydevd", "/debugpy/", "\\execnet\\", "\\xdist\\", "\\pydevd", "\\debugpy\\"),
    watchdog.__file__,
)


@dataclass(eq=False)
class Resident:
    """A thread that outlives the schedule that started it. ``waiting``: it has not gone on since; ``ending``: it is of
    no use any more; ``unwatched``: nobody is going to ask it to end."""

    ident: int
    entry: CodeType | None
    waiting: bool = True
    ending: bool = False
    unwatched: bool = False

    def wait(self, attempt: Callable[[float], bool], seconds: float | None = None) -> bool:
        """Call ``attempt(seconds)``, for ever where that is -1, until it returns true, or for ``seconds`` in all.

        Return what it came to.
        """
        left = seconds
        while True:
            step = POLL_SECONDS if left is None else min(POLL_SECONDS, left)
            if left is None and self.unwatched:
                step = -1
            if self.ending:
                raise Abandon
            done = attempt(step)
            if left is not None:
                left -= step
            if done or (left is not None and left <= 0):
                self.waiting = False
                return done


@dataclass(eq=False)
class Outsiders:
    """The threads of one stressed test that its runs do not control. ``ticking``: at the start of the run one of them
    was not just waiting to be called: it may bring something by itself, after some real time."""

    ticking: bool = False
    residents: dict[int, Resident] = field(default_factory=dict)
    restarted: set[CodeType] = field(default_factory=set)
    _spent: dict[int, object] = field(default_factory=dict)
    _runs: int = 0
    _ending: set[int] = field(default_factory=set)

    def begin(self, known: Set[int]) -> None:
        """Note, at the start of a run, how far every thread but the ``known`` has come."""
        self._runs += 1
        self._spent = {ident: self._used(ident) for ident in self._idents(known)}
        self.ticking = self._ticks()

    def any(self) -> bool:
        """Say whether there were any at the start of the run."""
        return bool(self._spent)

    def active(self, known: Set[int]) -> bool:
        """Say whether one of them has done anything since the start of the run."""
        return any(ident not in self._spent or self._spent[ident] != self._used(ident) for ident in self._idents(known))

    def is_restarted(self, entry: CodeType | None) -> bool:
        """Say whether a thread at ``entry`` was started by several schedules."""
        return any(current(known) is current(entry) for known in self.restarted)

    def started(self, entry: CodeType | None) -> None:
        """A run starts a thread at ``entry``: where an earlier schedule did so, too, its thread is of no more use."""
        if entry is None or not self.residents:
            return
        for ident, resident in list(self.residents.items()):
            if current(resident.entry) is current(entry):
                self.restarted.add(entry)
                resident.ending = True
                self._ending.add(ident)
                del self.residents[ident]

    def close(self) -> None:
        """The test is over: what still waits may do so for ever, without looking up; but a daemon of the only schedule
        that was run is ended, since nothing says that it is of any use to others."""
        ending = self._ending
        for ident, resident in self.residents.items():
            if self._runs == 1 and resident.entry is not None:
                resident.ending = True
                ending.add(ident)
            resident.unwatched = True
        self.residents.clear()
        end = RealTime.monotonic() + ENDING_SECONDS
        while ending & set(sys._current_frames()) and RealTime.monotonic() < end:
            RealTime.sleep(POLL_SECONDS / 5)

    def _ticks(self) -> bool:
        frames: dict[int, Any] = sys._current_frames() if self._spent else {}
        try:
            return any(
                not _waits_to_be_called(frames[ident])
                and not (_is_early(ident) and _waits_to_be_connected(frames[ident]))
                for ident in self._spent.keys() & frames.keys()
                if ident not in self.residents
            )
        finally:
            frames.clear()

    def _idents(self, known: Set[int]) -> list[int]:
        frames: dict[int, Any] = sys._current_frames()
        try:
            others = frames.keys() - known - left_behind()
            if others:  # not asked by threading.enumerate(), which is instrumented now
                threads = list(threading._active.values())  # type: ignore[attr-defined]
                others -= {
                    each.ident for each in threads if type(each) is CarrierThread or each.name.startswith(_TIMER)
                }
            return [ident for ident in others if not _is_harmless(frames[ident])]
        finally:
            frames.clear()  # this very frame is among them: a cycle for each run would hold on to all of the run

    def _used(self, ident: int) -> object:
        resident = self.residents.get(ident)
        if resident is not None and resident.waiting:
            return resident
        thread: Any = threading._active.get(ident)  # type: ignore[attr-defined]
        return _spent(getattr(thread, "native_id", None) or 0)


def _waits_to_be_called(frame: Any) -> bool:
    """Say whether the thread at ``frame`` waits without a time-out, as far as can be seen, until it is given work."""
    code = frame.f_code
    if code.co_qualname == "Condition.wait" and frame.f_globals.get("__name__") == "threading":
        return frame.f_locals.get("timeout") is None
    return bool(code.co_name == "_worker" and frame.f_globals.get("__name__") == "concurrent.futures.thread")


def _is_early(ident: int) -> bool:
    """Say whether the thread was there before any test was collected: it serves a plugin of pytest, not the tests."""
    return STATE.early.get(ident) == id(threading._active.get(ident))  # type: ignore[attr-defined]


def _waits_to_be_connected(frame: Any) -> bool:
    """Say whether the thread at ``frame`` waits, without a time-out, for somebody to connect to its socket."""
    if frame.f_code.co_qualname != "socket.accept" or frame.f_globals.get("__name__") != "socket":
        return False
    return frame.f_locals["self"].gettimeout() is None


def _is_tooling(thread: threading.Thread) -> bool:
    return type(thread) is CarrierThread or thread.name.startswith(_TIMER)


def _is_harmless(frame: Any) -> bool:
    while frame is not None:
        if any(part in frame.f_code.co_filename for part in _HARMLESS):
            return True
        frame = frame.f_back
    return False


def end_quietly(thread: Any) -> None:
    """Let ``thread``, a resident, end without a word to whoever asked to hear of threads that die."""
    notify = getattr(thread, "_invoke_excepthook", None)
    if notify is None:
        return

    def unless_abandoned(thread: Any) -> None:
        if not isinstance(sys.exception(), Abandon):
            notify(thread)

    thread._invoke_excepthook = unless_abandoned


def _spent(native_id: int) -> object:
    """Return what changes when a thread runs or is about to: its processor time, where the system tells."""
    known = used_and_asleep(native_id)
    if known is None:
        return object()  # it counts as having done something
    used, asleep = known
    return used if asleep else object()  # woken up, and waiting for a processor perhaps


def entry_of(thread: threading.Thread | None) -> CodeType | None:
    """Return the code that ``thread`` was started to run."""
    target = getattr(thread, "_target", None) or getattr(type(thread), "run", None)
    target = getattr(target, "func", target)
    found = getattr(getattr(target, "__func__", target), "__code__", None)
    return found if isinstance(found, CodeType) else None
