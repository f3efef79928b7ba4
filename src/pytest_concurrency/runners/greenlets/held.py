"""Who holds which lock in a recorded run, from what the code under test takes and gives back.

A semaphore of gevent does not know who holds it. What a greenlet takes that never gives it back is lost with the
greenlet: only who has watched can name it afterwards.
"""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass
from typing import Any

from ...instrument.sites import Site
from ...runtime.control import identity
from ...state import STATE
from ...trace.locks import UNNAMED
from ...trace.outcome import Row


@functools.lru_cache(maxsize=1)
def _kinds() -> tuple[tuple[type, ...], tuple[type, ...]]:
    """Return the classes of gevent's locks: semaphores, to which ``threading.Lock`` belongs, and reentrant ones."""
    import gevent.lock
    from gevent._semaphore import Semaphore

    return (Semaphore,), (gevent.lock.RLock, threading._PyRLock)  # type: ignore[attr-defined]


def is_lock(obj: object) -> bool:
    """Say whether ``obj`` is a lock or a semaphore that greenlets wait for."""
    semaphores, reentrant = _kinds()
    return issubclass(type(obj), semaphores + reentrant)


def is_semaphore(obj: object) -> bool:
    """Say whether ``obj`` is one of the locks that do not know who holds them."""
    return issubclass(type(obj), _kinds()[0])


@dataclass(slots=True)
class Holding:
    """``worker`` took ``lock`` at ``path:line``, so many ``times`` without giving it back."""

    lock: Any
    worker: str
    path: str
    line: int
    times: int = 1


class Held:
    """The locks that are held. What is given back by another greenlet than the one that took it, or taken twice, is a
    signal or a counter, and nobody holds it."""

    def __init__(self) -> None:
        self._of: dict[int, Holding] = {}
        self._no_locks: dict[int, Any] = {}

    def of(self, lock: object) -> Holding | None:
        """Return who holds ``lock`` as far as is known."""
        return self._of.get(id(lock))

    def taken(self, lock: Any, worker: str, path: str, line: int) -> None:
        """Note that ``worker`` has taken ``lock``."""
        holding = self._of.get(id(lock))
        if id(lock) in self._no_locks:
            return
        if holding is None:
            self._of[id(lock)] = Holding(lock, worker, path, line)
        elif holding.worker == worker and not is_semaphore(lock):
            holding.times += 1
        else:
            self._forget(lock)

    def given_back(self, lock: Any, worker: str) -> None:
        """Note that ``worker`` has given ``lock`` back."""
        holding = self._of.get(id(lock))
        if holding is None or holding.worker != worker:
            self._forget(lock)
            return
        holding.times -= 1
        if not holding.times:
            del self._of[id(lock)]

    def _forget(self, lock: Any) -> None:
        self._no_locks[id(lock)] = lock  # kept alive, or another object might get its identity
        self._of.pop(id(lock), None)


class WatchedLock:
    """Stands in for a lock of gevent while the code under test enters it or calls a method of it."""

    __slots__ = ("_lock", "_site")

    def __init__(self, lock: Any, site: Site) -> None:
        self._lock = lock
        self._site = site

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lock, name)

    def acquire(self, *args: Any, **kwargs: Any) -> Any:
        """Take the lock, and note it."""
        taken = self._lock.acquire(*args, **kwargs)
        if taken:
            self._note("acquire")
        return taken

    def release(self, *args: Any, **kwargs: Any) -> Any:
        """Give the lock back, and note it."""
        result = self._lock.release(*args, **kwargs)
        self._note("release")
        return result

    def __enter__(self) -> Any:
        result = self._lock.__enter__()
        self._note("acquire")
        return result

    def __exit__(self, *error: Any) -> Any:
        result = self._lock.__exit__(*error)
        self._note("release")
        return result

    def _note(self, action: str) -> None:
        run: Any = STATE.run
        worker, site, lock = STATE.worker, self._site, self._lock
        if identity() != STATE.ident or run.rows is None:
            return
        if action == "acquire":
            run.held.taken(lock, worker.path, site.path, site.line)
        else:
            run.held.given_back(lock, worker.path)
        target = site.label or UNNAMED
        run.rows.append(Row(worker.path, site.path, site.line, action, target, "", "", run.steps, (id(lock), "lock")))
