"""What a synchronising operation is about to do, told to the strategies that ask for it (partial order reduction)."""

from __future__ import annotations

from _thread import RLock
from collections.abc import Callable
from typing import Any

from ..instrument.sites import METHOD, WRITE, Site
from ..runtime.execution import Execution
from ..runtime.worker import Abandon, Worker
from ..strategies.base import RELEASED
from ..strategies.pending import ACQUIRE, CALL, RELEASE, TRY, Intent


def free_test(run: Execution, worker: Worker, lock: Any) -> Callable[[], bool]:
    """Return what says whether ``worker`` could take ``lock``, whichever thread asks."""
    if type(lock) is not RLock:
        return lambda: not lock.locked()

    def free() -> bool:
        owner = run.owners.get(id(lock))
        return owner is None or owner[0] is worker

    return free


def intend_acquire(run: Execution, worker: Worker, lock: Any, loc: Any, blocking: bool) -> None:
    """Say that the acquire to be announced at ``loc`` is of ``lock``."""
    run.user_locks.add(id(lock))
    worker.intent = Intent(ACQUIRE if blocking else TRY, loc, free=free_test(run, worker, lock))


def intend_call(run: Execution, worker: Worker, obj: Any, name: str, loc: Any) -> None:
    """Say that the call to be announced at ``loc`` is of the method ``name`` ("Condition.wait") of ``obj``."""
    if name == "Condition.__enter__":
        intend_acquire(run, worker, obj._lock, loc, True)
    elif name == "Condition.wait":
        lock = obj._lock
        run.user_locks.add(id(lock))
        worker.intent = Intent(CALL, loc, name, free=free_test(run, worker, lock), lock_loc=(id(lock), "lock"))
    elif name == "Thread.join":
        worker.intent = Intent(CALL, loc, name, target=run.threads.get(id(obj)))
    else:
        worker.intent = Intent(CALL, loc, name)


def announce_release(run: Execution, worker: Worker, lock: Any, site: Site) -> None:
    """Announce that ``worker`` is about to release ``lock``, unless that is a part of what it has announced."""
    intent = worker.intent
    waits = intent is not None and intent.loc is worker.loc and intent.name == "Condition.wait"
    if run.aborting or run.coasting or waits or (site.muted and id(lock) not in run.user_locks):
        return
    if type(lock) is RLock:
        owner = run.owners.get(id(lock))
        held = owner is not None and owner[0] is worker
    else:
        held = lock.locked()
    worker.key = loc = (id(lock), "lock")
    worker.intent = Intent(RELEASE, loc) if held else None
    try:
        run.announce(worker, _release_site(site), loc, True)
    except Abandon:
        if held:
            lock.release()
        raise


def _release_site(site: Site) -> Site:
    known: Site | None = site.cache.get("release")
    if known is None:
        known = Site(
            METHOD, WRITE, "release", site.key + RELEASED, site.path, site.line, site.qualname, site.offset, False
        )
        site.cache["release"] = known
    return known
