"""``_thread.lock`` and ``_thread.RLock`` under whatever name: the real lock is taken without blocking, or the worker
is parked until it is free. Everything in :mod:`threading` and :mod:`queue` that blocks rests on these two."""

from __future__ import annotations

import threading
from _thread import RLock, allocate_lock
from collections.abc import Callable
from typing import Any

from ..instrument.sites import Site
from ..runtime.execution import Execution
from ..runtime.outside_calls import stray
from ..runtime.polling import spin
from ..runtime.rows import note
from ..runtime.waits import LockWait
from ..runtime.worker import Abandon, Detached, Worker
from ..state import STATE
from ..trace.workers import in_a_sentence
from .intents import announce_release, intend_acquire

LOCK_TYPES = (type(allocate_lock()), RLock)
_TIMEOUT_MAX = threading.TIMEOUT_MAX


def acquire(run: Execution, worker: Worker, lock: Any, blocking: bool, timeout: float, site: Site) -> bool:
    """Take ``lock`` for ``worker`` as ``lock.acquire(blocking, timeout)`` would, in virtual time."""
    if not site.muted:
        loc = (id(lock), "lock")
        worker.key = loc
        if run.releases:
            intend_acquire(run, worker, lock, loc, blocking and timeout != 0)
        run.announce(worker, site, loc, True)
        if run.observing:
            run.observe(worker, site, loc, True, lock)
            if worker.held and id(lock) not in worker.held:
                run.nested.append((worker.path, site.key, worker.occurrence, frozenset(worker.held), id(lock)))
    return take(run, worker, lock, blocking, timeout, site)


def take(run: Execution, worker: Worker, lock: Any, blocking: bool, timeout: float, site: Site) -> bool:
    """Take ``lock`` for ``worker``, which has announced it (or need not), as ``lock.acquire`` would."""
    if timeout > 0:
        run.timed_waits = True
    if lock.acquire(False):
        _taken(run, worker, lock, site, blocking and timeout < 0)
        return True
    if run.aborting:
        raise Abandon
    if not blocking or timeout == 0:
        if run.rows is not None and not site.muted:
            note(run, worker, site, "acquire", site.label or "lock", "already held", (id(lock), "lock"))
        _failed_try(run, worker)
        return False
    deadline = run.clock.now + timeout if timeout > 0 else None
    if run.rows is not None and not site.muted:
        note(run, worker, site, "wait for", site.label or "lock", _holder(run, lock), (id(lock), "lock"))
    wait = LockWait(lock, _free_test(lock), deadline, site.label)
    while True:
        try:
            if not run.park(worker, wait):
                return False
        except Detached as detached:
            seconds = None if deadline is None else max(0.0, deadline - run.clock.now)
            return detached.resident.wait(lambda real: bool(lock.acquire(True, real)), seconds)
        if lock.acquire(False):
            _taken(run, worker, lock, site, timeout < 0)
            return True


def _failed_try(run: Execution, worker: Worker) -> None:
    run.tries += 1
    if run.tries > 200:
        run.tries = 0
        spin(run, worker)


def _free_test(lock: Any) -> Callable[[], bool]:
    """Return what says whether ``lock`` is free, as the lock itself knows it, whoever asks."""
    if type(lock) is LOCK_TYPES[0]:
        return lambda: not lock.locked()
    return lambda: _reentrant_is_free(lock)


def _reentrant_is_free(lock: Any) -> bool:
    if lock._is_owned() or not lock.acquire(False):
        return False
    lock.release()
    return True


def _holder(run: Execution, lock: Any) -> str:
    owner = run.owners.get(id(lock))
    if owner is None:
        return "held"
    return f"held by {in_a_sentence(owner[0].path)}"


def _taken(run: Execution, worker: Worker, lock: Any, site: Site, for_ever: bool = True) -> None:
    run.tries = 0
    worker.section += 1
    if run.precise is not None:
        run.precise.touched(worker, lock, True)
    if id(lock) not in run.owners:
        where = site if not site.muted else None
        run.owners[id(lock)] = (worker, lock, where)
        if run.journal is not None:
            run.journal.append(((id(lock), "lock"), worker.path, site, worker.counts.get(site, 0), True))
        if run.observing:
            worker.held[id(lock)] = lock
            worker.retag()
            if run.recorder is not None:
                run.recorder.lock(worker, lock, site, True, for_ever)
    if run.rows is not None and not site.muted:
        note(run, worker, site, "acquire", site.label or "lock", "", (id(lock), "lock"))


def release(run: Execution, worker: Worker, lock: Any, site: Site) -> None:
    """Release ``lock`` as ``lock.release()`` would; whoever waits for it can then be chosen."""
    if run.releases:
        announce_release(run, worker, lock, site)
    lock.release()
    if run.precise is not None:
        run.precise.touched(worker, lock, False)
    run.progress = run.steps
    run.spins = 0
    if type(lock) is LOCK_TYPES[0] or not lock._is_owned():
        owner = run.owners.pop(id(lock), None)
        if owner is not None and run.observing and owner[0].held.pop(id(lock), None) is not None:
            owner[0].retag()
        if run.recorder is not None:
            run.recorder.lock(worker, lock, site, False)
        if run.rows is not None and not site.muted:
            note(run, worker, site, "release", site.label or "lock", "", (id(lock), "lock"))


class ControlledLock:
    """Stands in for one real lock in one call or ``with`` statement; outside a run it does what the lock does."""

    __slots__ = ("_lock", "_site")

    def __init__(self, lock: Any, site: Site) -> None:
        self._lock = lock
        self._site = site

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        worker = current_worker()
        if worker is None or (not blocking and timeout != -1) or (timeout < 0 and timeout != -1):
            return self._lock.acquire(blocking, timeout)  # type: ignore[no-any-return]
        if timeout > _TIMEOUT_MAX:
            return self._lock.acquire(blocking, timeout)  # type: ignore[no-any-return]
        return acquire(STATE.run, worker, self._lock, blocking, timeout, self._site)

    acquire_lock = acquire

    def release(self) -> None:
        worker = current_worker()
        if worker is None:
            self._lock.release()
        else:
            release(STATE.run, worker, self._lock, self._site)

    release_lock = release

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exc: object) -> None:
        self.release()

    def locked(self) -> bool:
        worker = current_worker()
        if worker is not None and not self._site.muted:
            STATE.run.announce(worker, self._site, (id(self._lock), "lock"), False)
        return self._lock.locked()  # type: ignore[no-any-return]

    def _release_save(self) -> Any:
        worker = current_worker()
        state = self._lock._release_save()
        if worker is not None:
            run = STATE.run
            run.progress = run.steps
            if run.precise is not None:
                run.precise.touched(worker, self._lock, False)
            owner = run.owners.pop(id(self._lock), None)
            if owner is not None and run.observing and owner[0].held.pop(id(self._lock), None) is not None:
                owner[0].retag()
            if run.recorder is not None:
                run.recorder.lock(worker, self._lock, self._site, False)
        return state

    def _acquire_restore(self, state: Any) -> None:
        worker = current_worker()
        if worker is not None:
            run, lock = STATE.run, self._lock
            wait = LockWait(lock, _free_test(lock), None, self._site.label)
            while not lock.acquire(False):
                if run.aborting:
                    raise Abandon
                try:
                    run.park(worker, wait)
                except Detached as detached:
                    detached.resident.wait(lambda real: bool(lock.acquire(True, real)))
                    lock.release()
                    break
            else:
                _taken(run, worker, lock, self._site)
                lock.release()
        self._lock._acquire_restore(state)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lock, name)


class AnnouncedLock(ControlledLock):
    """Stands in for a lock in a ``with`` statement whose entry was announced already."""

    __slots__ = ()

    def __enter__(self) -> bool:
        worker = current_worker()
        if worker is None:
            return self._lock.acquire()  # type: ignore[no-any-return]
        return take(STATE.run, worker, self._lock, True, -1, self._site)


def current_worker() -> Worker | None:
    """Return the worker that the calling thread is, if it holds the baton (waiting for it where needed)."""
    from _thread import get_ident

    ident = get_ident()
    if ident == STATE.ident:
        return STATE.worker
    run = STATE.run
    if run is not None and stray(run, ident):
        return STATE.worker
    return None
