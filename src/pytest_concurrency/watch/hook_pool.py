"""Recording of pools and executors: tasks that failed, who looked at them, ``join`` on an open pool."""

from __future__ import annotations

import concurrent.futures
import concurrent.futures.process
import multiprocessing.pool
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from .hook_process import note_called
from .patching import Patches
from .record import NOWHERE, JoinedOpenPool, Site, TaskFailed
from .sites import caller

if TYPE_CHECKING:
    from .watch import Watch

_SITE = "_concurrency_site"
_TASK = "_concurrency_task"
_SEEN = "_concurrency_seen"


def install(watch: Watch, patches: Patches) -> None:
    """Patch pools, their results, and the process pool executor with its futures."""
    pool = multiprocessing.pool
    patches.wrap(pool.Pool, "__init__", lambda original: _created(watch, original))
    patches.wrap(pool.Pool, "join", lambda original: _pool_join(watch, original))
    for name in ("apply_async", "_map_async", "imap", "imap_unordered", "apply"):
        patches.wrap(pool.Pool, name, partial(_submit, watch, name))
    patches.wrap(pool.ApplyResult, "__init__", lambda original: _with_site(watch, original))
    patches.wrap(pool.IMapIterator, "__init__", lambda original: _with_site(watch, original))
    for kind in (pool.ApplyResult, pool.MapResult, pool.IMapIterator, pool.IMapUnorderedIterator):
        if "_set" in vars(kind):
            patches.wrap(kind, "_set", lambda original: _set(watch, original))
    patches.wrap(pool.ApplyResult, "get", _looked)
    patches.wrap(pool.ApplyResult, "successful", _looked)
    patches.wrap(pool.IMapIterator, "next", _looked)
    patches.wrap(pool.IMapIterator, "__next__", _looked)
    executor = concurrent.futures.process.ProcessPoolExecutor
    patches.wrap(executor, "__init__", lambda original: _created(watch, original))
    patches.wrap(executor, "submit", lambda original: _executor_submit(watch, original))
    patches.wrap(executor, "map", lambda original: _executor_map(watch, original))
    patches.wrap(concurrent.futures.Future, "result", _future_looked)
    patches.wrap(concurrent.futures.Future, "exception", _future_looked)
    patches.wrap(concurrent.futures.Future, "_get_snapshot", _future_looked)  # how asyncio looks, from 3.15 on


def _created(watch: Watch, original: Any) -> Any:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        __tracebackhide__ = True
        if watch.recording:
            watch.pools.add(self)
        original(self, *args, **kwargs)

    return __init__


def _pool_join(watch: Watch, original: Any) -> Any:
    def join(self: Any) -> Any:
        __tracebackhide__ = True
        try:
            return original(self)
        except ValueError as error:
            if watch.recording and getattr(self, "_state", None) == multiprocessing.pool.RUN:
                watch.record.joined_open.append(JoinedOpenPool(caller(watch.plan.rootdir), error))
            raise

    return join


def _submit(watch: Watch, name: str, original: Any) -> Any:
    def submit(self: Any, func: Any, /, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if watch.recording:
            _note_task(watch, func)
            if not callable(func):
                note_called(watch, func, "func", 0, f"the task of {name.lstrip('_')}()")
        return original(self, func, *args, **kwargs)

    return submit


def _note_task(watch: Watch, function: Any) -> None:
    if not any(function is known for known in watch.record.tasks):
        watch.record.tasks.append(function)


def _with_site(watch: Watch, original: Any) -> Any:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        __tracebackhide__ = True
        if watch.recording:
            self.__dict__[_SITE] = caller(watch.plan.rootdir)
        original(self, *args, **kwargs)

    return __init__


def _set(watch: Watch, original: Any) -> Any:
    def _set(self: Any, i: int, obj: tuple[bool, Any]) -> Any:
        __tracebackhide__ = True
        site: Site | None = self.__dict__.get(_SITE)
        if site is not None and not obj[0] and watch.recording and _TASK not in self.__dict__:
            # Before the original: it wakes the thread that is about to look.
            self.__dict__[_TASK] = task = _failed(id(self), site.text, site, obj[1])
            task.seen = getattr(self, "_error_callback", None) is not None
            watch.record.failed.append(task)
        return original(self, i, obj)

    return _set


def _failed(owner: int, what: str, site: Site, error: BaseException) -> TaskFailed:
    cause = error.__cause__
    return TaskFailed(owner, what, site, error, str(cause) if cause is not None else "")


def site_of_task(result: Any) -> Site:
    """Return the line that gave the task of ``result`` to its pool, NOWHERE where that is not known."""
    site = getattr(result, "__dict__", {}).get(_SITE)
    return site if isinstance(site, Site) else NOWHERE


def _looked(original: Any) -> Any:
    def look(self: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        try:
            return original(self, *args, **kwargs)
        finally:
            task = self.__dict__.get(_TASK)
            raised = sys.exc_info()[1]
            if task is not None and not isinstance(raised, multiprocessing.TimeoutError):
                task.seen = True

    return look


def _executor_submit(watch: Watch, original: Any) -> Any:
    def submit(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if watch.recording:
            _note_task(watch, fn)
            if not callable(fn):
                note_called(watch, fn, "fn", 0, "the task of submit()")
        future = original(self, fn, *args, **kwargs)
        if watch.recording:
            group = watch.map_group or id(future)
            watch.futures.append((future, caller(watch.plan.rootdir), group))
        return future

    return submit


def _executor_map(watch: Watch, original: Any) -> Any:
    def map(self: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if watch.recording and args:
            _note_task(watch, args[0])
        watch.map_group = len(watch.futures) + 1
        try:
            return original(self, *args, **kwargs)
        finally:
            watch.map_group = 0

    return map


def _future_looked(original: Any) -> Any:
    def look(self: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        try:
            return original(self, *args, **kwargs)
        finally:
            if self.done():
                self.__dict__[_SEEN] = True

    return look


def failed_futures(futures: list[tuple[Any, Site, int]]) -> list[TaskFailed]:
    """Return the futures that ended in an error, as tasks; ``seen`` where somebody asked for the outcome."""
    tasks = []
    for future, site, group in futures:
        seen = bool(future.__dict__.get(_SEEN))
        if future.done() and not future.cancelled():
            error = future.exception()
            if error is not None:
                task = _failed(group, site.text, site, error)
                task.seen = seen
                tasks.append(task)
    return tasks
