"""The end of a body: wait shortly for what is ending, note what is not, and end it."""

from __future__ import annotations

import concurrent.futures
import contextlib
import multiprocessing
import multiprocessing.pool
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..realtime import RealTime
from . import memory_left, stacks, tree
from .copies import read_copies
from .deadline import BodyHung, Deadline
from .deaths import read_deaths
from .dropped import read_dropped
from .hook_fork import raw_forks
from .hook_pool import failed_futures
from .lost_update import find_lost
from .probe import read_changes
from .record import NOWHERE, GlobalChanged, MemoryLeft, Orphan

if TYPE_CHECKING:
    from .watch import Watch

GRACE = 1.0
_BEFORE_TEARDOWN = 0.3
_SHUTDOWN = 3.0
_LOCKED = 0.2
_PAUSES = (0.0005, 0.005, 0.05)


def settle(watch: Watch, error: BaseException | None, teardown: Callable[[], None] | None) -> None:
    """See :meth:`Watch.settle`."""
    _meet_raw_forks(watch)
    for pool in list(watch.pools) if watch.hung else ():
        if isinstance(pool, concurrent.futures.ProcessPoolExecutor):
            _free(pool)
    try:
        first = GRACE if teardown is None else _BEFORE_TEARDOWN
        left = _wait(watch, first if error is None and not watch.hung else 0.0)
        undone = _reportable(watch, left) or _memory_left(watch)
        if undone and teardown is not None and error is None and not watch.hung:
            teardown()  # a fixture may end what the body has started
            left = _wait(watch, GRACE)
        _meet_raw_forks(watch)  # a child says who it is when it first runs
        if error is None and not watch.hung:
            watch.record.orphans.extend(_orphans(watch, left))
            watch.record.memory_left.extend(_memory_left(watch))
        watch.record.failed.extend(failed_futures(watch.futures))
        watch.record.strays.extend(_strays(watch))
    finally:
        _end(watch)
        watch.record.changed.extend(_changes(watch))
        deaths = read_deaths(watch.files("*.died"))
        watch.record.died.extend(died for died in deaths if died.when <= watch.ended_at)
        watch.record.copies.extend(read_copies(watch.files("*.copies")))
        watch.record.unpicklable.extend(read_dropped(watch.files("*.dropped")))
        watch.record.lost.extend(find_lost(watch.files("*.updates")))


def _meet_raw_forks(watch: Watch) -> None:
    known = {entry.pid for entry in watch.record.started}
    watch.record.started.extend(entry for entry in raw_forks(watch) if entry.pid not in known)


def _left(watch: Watch) -> dict[int, tree.ProcessInfo]:
    multiprocessing.active_children()
    return {pid: info for pid, info in tree.descendants().items() if info.alive and watch.may_end(pid)}


def _reportable(watch: Watch, left: dict[int, tree.ProcessInfo]) -> dict[int, tree.ProcessInfo]:
    """Leave out daemons: they are meant to end with their parent, and do."""
    daemons = {started.pid for started in watch.record.started if started.daemon}
    return {pid: info for pid, info in left.items() if pid not in daemons and info.parent not in daemons}


def _wait(watch: Watch, seconds: float) -> dict[int, tree.ProcessInfo]:
    end = RealTime.monotonic() + seconds
    pause = 0.002
    while True:
        left = _left(watch)
        if not _reportable(watch, left) or RealTime.monotonic() >= end:
            return left
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


def _orphans(watch: Watch, left: dict[int, tree.ProcessInfo]) -> list[Orphan]:
    started = {entry.pid: entry for entry in watch.record.started}
    orphans = []
    for pid, info in sorted(_reportable(watch, left).items()):
        entry = started.get(pid)
        name = entry.name if entry is not None else f"process {pid}"
        site = entry.site if entry is not None else NOWHERE
        stack = stacks.request(watch.directory, pid)
        orphans.append(Orphan(pid, name, info.command, site, info.parent, stack))
    return orphans


def _memory_left(watch: Watch) -> list[MemoryLeft]:
    """Return the shared memory that nobody has unlinked; of a worker others may still do so."""
    return [] if watch.plan.in_worker else memory_left.left(watch.segments)


def _strays(watch: Watch) -> list[str]:
    return [path.read_text(errors="replace") for path in watch.files("*.stray")]


def _end(watch: Watch) -> None:
    """End pools and executors that the body made and left open, then every process that is left."""
    if not watch.plan.in_worker:
        for joiner in watch.joiners:
            # Items that nobody will read any more must not keep the whole session from ending.
            joiner.cancel()
    left = _left(watch)
    if left:
        with contextlib.suppress(BodyHung, Exception):
            with Deadline(_SHUTDOWN, lambda frame, passed: passed >= _SHUTDOWN):
                for pool in list(watch.pools):
                    if isinstance(pool, multiprocessing.pool.Pool):
                        pool.terminate()
                    elif isinstance(pool, concurrent.futures.ProcessPoolExecutor):
                        pool.shutdown(wait=False, cancel_futures=True)
        tree.kill(_left(watch).values())
    zombies = [
        pid
        for pid, info in tree.descendants().items()
        if not info.alive and info.parent == os.getpid() and watch.may_end(pid)
    ]
    multiprocessing.active_children()
    if zombies:
        tree.reap(zombies, 0.2)


def _free(executor: Any) -> None:
    """Let the threads of an executor go that wait for each other: the one that joins the feeder of its queue holds the
    lock that the feeder wants (gh-125451, mended in 3.12.8 and 3.13.1). Whoever touches the executor would wait, too.
    """
    lock, manager = executor._shutdown_lock, executor._executor_manager_thread
    if lock is None or manager is None:
        return
    for pause in _PAUSES:
        if lock.acquire(timeout=_LOCKED):
            lock.release()
            return
        with contextlib.suppress(RuntimeError):
            lock.release()
            time.sleep(pause)  # the feeder takes it and gives it back
            lock.acquire(timeout=_LOCKED)  # for the manager, which is about to release it
        manager.join(_LOCKED)
        if not manager.is_alive() and lock.locked():
            lock.release()


def _changes(watch: Watch) -> list[GlobalChanged]:
    names = {entry.pid: entry.name for entry in watch.record.started}
    last: dict[tuple[int, str, str], GlobalChanged] = {}
    for pid, row in read_changes(watch.files("*.globals")):
        key = (pid, row["module"], row["name"])
        first = last.get(key)
        last[key] = GlobalChanged(
            pid,
            names.get(pid, f"process {pid}"),
            row["module"],
            row["name"],
            first.before if first else row["before"],
            row["after"],
            row["digest"],
            before_digest=row["before_digest"],
            generator=bool(row["generator"]),
        )
    return list(last.values())
