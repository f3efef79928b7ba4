"""Locks, semaphores, conditions, events and barriers of multiprocessing, and locks on files (flock, lockf)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from multiprocessing import sharedctypes, synchronize
from typing import Any

from .agent import Agent, is_from_program
from .patches import Patches
from .places import CALL, LOCK, Place

_CALLS: dict[type, tuple[str, ...]] = {
    synchronize.Event: ("is_set", "set", "clear", "wait"),
    synchronize.Condition: ("wait", "wait_for", "notify", "notify_all"),
    synchronize.Barrier: ("wait",),
}
_SIGNALS = ("set", "notify", "notify_all")
FILE_LOCKS = ("flock", "lockf")


def install(agent: Agent, patches: Patches) -> None:
    """Hook the locks. They let pass what is not done by a worker."""
    lock: Any = synchronize.SemLock
    made = lock.__init__

    def __init__(obj: Any, *args: Any, **kwargs: Any) -> None:
        made(obj, *args, **kwargs)
        if agent.on:
            agent.semaphores[obj._semlock.handle] = agent.path

    patches.set(lock, "__init__", __init__)
    patches.set(lock, "acquire", Method("acquire", lambda obj: _acquire(agent, obj)))
    patches.set(lock, "release", Method("release", lambda obj: _release(agent, obj)))
    patches.set(lock, "__enter__", lambda obj: _enter(agent, obj, sys._getframe(1)))
    patches.set(lock, "__exit__", lambda obj, *_: _leave(agent, obj))
    for holder in (synchronize.Condition, sharedctypes.SynchronizedBase):
        for name in ("acquire", "release"):
            patches.set(holder, name, Method(name, _of_lock(name)))
    for cls, names in _CALLS.items():
        for name in names:
            patches.set(cls, name, _announced(agent, name, getattr(cls, name)))
    if "fcntl" in sys.modules:
        _install_file_locks(agent, patches)


def _of_lock(name: str) -> Callable[[Any], Any]:
    return lambda obj: getattr(obj._lock, name)


class Method:
    """A method by descriptor: it goes before the bound methods that the library stores in each instance."""

    def __init__(self, name: str, make: Callable[[Any], Any]) -> None:
        self._name = name
        self._make = make

    def __get__(self, obj: Any, kind: type | None = None) -> Any:
        return self if obj is None else self._make(obj)

    def __set__(self, obj: Any, value: Any) -> None:
        vars(obj)[self._name] = value  # for when the hooks are off


def sem_loc(agent: Agent, obj: Any) -> tuple[Any, ...]:
    """Return the location of a semaphore: its handle is inherited by all processes that are forked afterwards.

    Semaphores that two workers make for themselves often have the same handle.
    """
    handle = obj._semlock.handle
    return ("sem", handle, agent.semaphores.get(handle, ""))


def _announce(agent: Agent, obj: Any, frame: Any) -> Place | None:
    if agent.quiet or not is_from_program(frame):
        return None
    return agent.announce(frame, LOCK, "acquire", sem_loc(agent, obj), write=True)


def _take(agent: Agent, obj: Any, place: Place | None, block: bool, timeout: float | None) -> bool:
    semlock = obj._semlock
    again = isinstance(obj, synchronize.RLock) and semlock._is_mine()
    taken = agent.acquire(lambda: bool(semlock.acquire(False)), sem_loc(agent, obj), block, timeout)
    if taken and not again and isinstance(obj, (synchronize.Lock, synchronize.RLock)):
        agent.taken(place, sem_loc(agent, obj), place.name if place else "")
    return taken


def _acquire(agent: Agent, obj: Any) -> Any:
    def acquire(block: bool = True, timeout: float | None = None) -> bool:
        if not agent.here():
            return bool(obj._semlock.acquire(block, timeout))
        return _take(agent, obj, _announce(agent, obj, sys._getframe(1)), block, timeout)

    return acquire


def _release(agent: Agent, obj: Any) -> Any:
    def release() -> None:
        obj._semlock.release()
        _freed(agent, obj)

    return release


def _enter(agent: Agent, obj: Any, frame: Any) -> Any:
    if not agent.here():
        return obj._semlock.__enter__()
    while frame is not None and not is_from_program(frame) and frame.f_code.co_name == "__enter__":
        frame = frame.f_back  # a condition or a value that is used as a context manager
    return _take(agent, obj, _announce(agent, obj, frame), True, None)


def _leave(agent: Agent, obj: Any) -> None:
    obj._semlock.__exit__(None, None, None)
    _freed(agent, obj)


def _freed(agent: Agent, obj: Any) -> None:
    """Say that a release was made, unless the lock was taken more than once and is held still."""
    semlock = obj._semlock
    if agent.here() and not (isinstance(obj, synchronize.RLock) and semlock._is_mine()):
        agent.freed(sem_loc(agent, obj))


def _announced(agent: Agent, name: str, original: Any) -> Any:
    """Announce the call as a whole; what it does with its semaphores inside still parks."""

    def call(obj: Any, *args: Any, **kwargs: Any) -> Any:
        if not agent.here() or agent.quiet:
            return original(obj, *args, **kwargs)
        frame = sys._getframe(1)
        if not is_from_program(frame):
            return original(obj, *args, **kwargs)
        lock = getattr(obj, "_lock", None) or getattr(obj._cond, "_lock", obj._cond)
        loc = ("call", *sem_loc(agent, lock)) if hasattr(lock, "_semlock") else ("call", id(obj))
        place = agent.announce(frame, CALL, name, loc, write=name != "is_set")
        agent.called(place, loc)  # now: a wait may have no end
        if name in _SIGNALS:
            agent.signalled(loc)
        with agent.as_one():
            return original(obj, *args, **kwargs)

    return call


# -- locks on files


def _install_file_locks(agent: Agent, patches: Patches) -> None:
    import fcntl

    def wrap(name: str) -> None:
        original = getattr(fcntl, name)

        def lock(fd: Any, operation: int, *args: Any) -> Any:
            if not agent.here():
                return original(fd, operation, *args)
            number = fd if isinstance(fd, int) else fd.fileno()
            info = os.fstat(number)
            loc = (name, info.st_dev, info.st_ino)
            if operation & fcntl.LOCK_UN:
                original(number, operation, *args)
                agent.freed(loc)
                return None
            place = agent.announce(sys._getframe(1), LOCK, "acquire", loc, write=True)

            def attempt() -> bool:
                try:
                    original(number, operation | fcntl.LOCK_NB, *args)
                except (BlockingIOError, PermissionError):
                    return False
                return True

            if operation & fcntl.LOCK_NB:
                result = original(number, operation, *args)
            else:
                agent.acquire(attempt, loc, True, None, name)
                result = None
            if operation & fcntl.LOCK_EX:
                agent.taken(place, loc, place.name if place else name)
            return result

        patches.set(fcntl, name, lock)

    for name in FILE_LOCKS:
        wrap(name)


def file_closes(agent: Agent, fd: int) -> None:
    """Note that the locks on a file are freed: it is about to be closed."""
    if "fcntl" in sys.modules and agent.here():
        try:
            info = os.fstat(fd)
        except OSError:
            return
        for name in FILE_LOCKS:
            agent.freed((name, info.st_dev, info.st_ino))
