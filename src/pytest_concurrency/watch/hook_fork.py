"""What is true at the moment of a fork: threads of the code under test, and locks that are held."""

from __future__ import annotations

import _thread
import contextlib
import os
import sys
import threading
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..state import STATE
from .probe import Probe
from .record import Forked, HeldLock, ProcessStarted, RunningThread
from .sites import is_own, own_frame, site_of

if TYPE_CHECKING:
    from .watch import Watch

_FORK_CALLERS = frozenset({"multiprocessing.popen_fork", "multiprocessing.forkserver"})
_LOCK = _thread.LockType
_RLOCK = _thread.RLock


def install() -> None:
    """Register the fork hooks, once per process: they cannot be removed, and do nothing without a watch."""
    if not STATE.fork_hooked and hasattr(os, "register_at_fork"):
        STATE.fork_hooked = True
        os.register_at_fork(before=_before, after_in_child=_in_child)


def _before() -> None:
    watch = STATE.watch
    if watch is None or not watch.recording:
        return
    try:
        watch.raw_fork = _raw_fork(watch)
        _ = watch.directory  # made here, for parent and child alike
        seen = look(watch.plan.rootdir)
    except Exception:
        return
    if seen is not None and seen.site.path:  # else a library's own thread forks: a pool replaces a worker
        watch.record.forked.append(seen)


def _raw_fork(watch: Watch) -> int | None:
    """Return the number of this fork if the code under test forks by itself, not through multiprocessing."""
    frame = sys._getframe(2)
    if frame.f_globals.get("__name__") in _FORK_CALLERS:
        return None
    own = own_frame(frame, watch.plan.rootdir)
    if own is None:
        return None
    watch.raw_forks.append((site_of(own, watch.plan.rootdir), own.f_code))
    return len(watch.raw_forks) - 1


def _in_child() -> None:
    watch = STATE.watch
    if watch is None:
        return
    STATE.watch = None
    watch.leave_to_parent()
    if watch.raw_fork is not None:
        probe = Probe(watch.directory, watch.plan.rootdir, watch.raw_fork)
        probe.begin()
        watch.child_probe = probe
        with contextlib.suppress(OSError):
            Path(watch.directory, f"{os.getpid()}.fork").write_text(str(watch.raw_fork))


def raw_forks(watch: Watch) -> list[ProcessStarted]:
    """Return the processes that the code under test forked by itself: each has left a file with its number."""
    found = []
    for path in watch.files("*.fork"):
        with contextlib.suppress(OSError, ValueError):
            site, code = watch.raw_forks[int(path.read_text())]
            pid = int(path.stem)
            found.append(ProcessStarted(pid, f"forked process {pid}", "fork", False, site, True, "os.fork", code))
    return found


def look(rootdir: str) -> Forked | None:
    """Return what a fork at this moment would copy half-way: other threads in own code, and locks held; or None.

    Threads that are idle inside libraries (a pool's, a queue's feeder) are no finding: they hold nothing of ours.
    """
    me = threading.get_ident()
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    threads: list[RunningThread] = []
    locks: dict[int, HeldLock] = {}
    tops = sys._current_frames()
    while tops:  # emptied, and no name is left bound: a frame that holds itself would keep everything alive
        ident, top = tops.popitem()
        mine = ident == me
        name = "this thread" if mine else names.get(ident, f"thread {ident}")
        own = own_frame(top, rootdir)
        if own is not None and not mine:
            threads.append(RunningThread(name, site_of(own, rootdir)))
        if own is not None:
            _held(top, rootdir, name, mine, locks)
        del top, own
    site = site_of(own_frame(sys._getframe(1), rootdir), rootdir)
    if not (threads or locks):
        return None
    return Forked(site, tuple(threads), tuple(locks.values()))


def _held(top: types.FrameType | None, rootdir: str, holder: str, mine: bool, found: dict[int, HeldLock]) -> None:
    frame = top
    while frame is not None:
        if is_own(frame.f_code.co_filename, rootdir):
            names = set(frame.f_code.co_names)
            spaces: list[tuple[str, dict[str, Any]]] = [("", frame.f_locals)]
            spaces.append(("", {k: v for k, v in frame.f_globals.items() if k in names}))
            owner = frame.f_locals.get("self")
            fields = getattr(owner, "__dict__", None)
            if isinstance(fields, dict):
                spaces.append(("self.", {k: v for k, v in fields.items() if k in names}))
            for prefix, space in spaces:
                for name, value in list(space.items()):
                    kind = _locked(value, mine)
                    if kind and id(value) not in found:
                        found[id(value)] = HeldLock(prefix + name, kind, holder, site_of(frame, rootdir))
        frame = frame.f_back


def _locked(value: object, mine: bool) -> str:
    if isinstance(value, _LOCK) and value.locked():
        return "Lock"
    # A reentrant lock of the forking thread stays its own in the child.
    if isinstance(value, _RLOCK) and not mine and "unlocked" not in repr(value):
        return "RLock"
    if isinstance(value, threading.Condition):
        return _locked(value._lock, mine) and "Condition"  # type: ignore[attr-defined]
    return ""
