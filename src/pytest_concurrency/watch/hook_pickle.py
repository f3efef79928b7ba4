"""Recording of what could not be pickled on its way to another process, and to where it went."""

from __future__ import annotations

import multiprocessing.queues
import multiprocessing.reduction
import pickletools
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .dropped import drops
from .hook_pool import site_of_task
from .patching import Patches
from .pickling import find_culprit, kind_of
from .record import NOWHERE, PickleFailed
from .sites import caller, own_frame, site_of

if TYPE_CHECKING:
    from .watch import Watch

_KEPT = 256


def install(watch: Watch, patches: Patches) -> None:
    """Patch the pickler of ``multiprocessing``, and ``Queue.put`` to know which line an item came from."""
    reduction: Any = multiprocessing.reduction
    pickler = reduction.ForkingPickler
    plain = pickler.dumps

    def dumps(cls: Any, obj: Any, protocol: Any = None) -> Any:
        __tracebackhide__ = True
        try:
            return plain(obj, protocol)
        except Exception as error:
            if watch.recording:
                _note(watch, obj, error, sys._getframe(1))
            raise

    read = pickler.loads

    def loads(data: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        try:
            return read(data, *args, **kwargs)
        except Exception as error:
            if watch.recording:
                _note_arrived(watch, data, error, sys._getframe(1))
            del data  # the error is kept, its frames with it, and a buffer that is looked at cannot be let go
            raise

    patches.set(pickler, "dumps", classmethod(dumps))
    patches.set(pickler, "loads", staticmethod(loads))
    patches.wrap(reduction, "dump", lambda original: _dump(watch, original))
    patches.wrap(multiprocessing.queues.Queue, "put", lambda original: _put(watch, original))


def _dump(watch: Watch, original: Any) -> Any:
    def dump(obj: Any, file: Any, protocol: Any = None) -> None:
        __tracebackhide__ = True
        try:
            original(obj, file, protocol)
        except Exception as error:
            if watch.recording:
                found = find_culprit(obj, "process", starting=True)
                if found is not None:
                    culprit = f"{_readable(found[0])} (a {kind_of(found[1])})"
                    site = caller(watch.plan.rootdir)
                    watch.record.unpicklable.append(
                        PickleFailed(site, "a process being started", culprit, found[2], exception=error)
                    )
            raise

    return dump


def _readable(path: str) -> str:
    return (
        path.replace("process._args", "args").replace("process._target", "target").replace("process._kwargs", "kwargs")
    )


def _put(watch: Watch, original: Any) -> Any:
    def put(self: Any, obj: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if watch.recording:
            while len(watch.put_sites) >= _KEPT:
                watch.put_sites.pop(next(iter(watch.put_sites)), None)
            watch.put_sites[id(obj)] = caller(watch.plan.rootdir)
        try:
            return original(self, obj, *args, **kwargs)
        finally:
            joiner = self.__dict__.get("_jointhread")
            if watch.recording and joiner is not None and joiner not in watch.joiners:
                watch.joiners.append(joiner)

    return put


def _note(watch: Watch, obj: object, error: BaseException, frame: Any) -> None:
    found = find_culprit(obj, "item")
    if found is None:
        return
    feeding, lost = frame.f_code.co_name == "_feed", drops(frame)
    site = watch.put_sites.get(id(obj), NOWHERE)
    if not site.path:
        site = site_of(own_frame(frame, watch.plan.rootdir), watch.plan.rootdir)
    path, culprit, text = found
    watch.record.unpicklable.append(
        PickleFailed(
            site,
            "an item of a queue" if feeding else "a message",
            f"{path} (a {kind_of(culprit)})",
            text,
            lost=lost,
            exception=error,
        )
    )


def _note_arrived(watch: Watch, data: Any, error: BaseException, frame: Any) -> None:
    """Note that what another process has sent cannot be rebuilt. Where that is the thread that hands out the results
    of a pool, the thread dies of it and nobody is told."""
    handler = _handler_of(frame)
    site = NOWHERE
    if handler is not None:
        job, cache = _first_number(data), handler.f_locals.get("cache")
        site = site_of_task(cache.get(job)) if isinstance(cache, Mapping) else NOWHERE
    if not site.path:
        site = site_of(own_frame(frame, watch.plan.rootdir), watch.plan.rootdir)
    watch.record.unpicklable.append(
        PickleFailed(
            site,
            "the outcome of a task" if not site.path or handler is not None else "what another process had sent",
            _class_named(data),
            f"{type(error).__name__}: {error}",
            lost=handler is not None,
            exception=error,
            arrived=True,
        )
    )


def _handler_of(frame: Any) -> Any:
    """Return the frame of the thread of a pool that hands out results, None where that is not what reads."""
    while frame is not None:
        if frame.f_code.co_name == "_handle_results" and frame.f_globals.get("__name__") == "multiprocessing.pool":
            return frame
        frame = frame.f_back
    return None


def _first_number(data: Any) -> int | None:
    """Return the first number in a pickle: of a pool's result, that of its task."""
    numbers = (arg for op, arg, _ in pickletools.genops(bytes(data)) if op.name.startswith("BININT"))
    return next(numbers, None)


def _class_named(data: Any) -> str:
    """Return the class of an exception that a pickle names last before something is called, as well as can be seen."""
    texts: list[str] = []
    named = ""
    for op, arg, _ in pickletools.genops(bytes(data)):
        if isinstance(arg, str):
            texts.append(arg)
        if op.name == "STACK_GLOBAL" and len(texts) > 1:
            module, name = texts[-2:]
            found = getattr(sys.modules.get(module), name, None)
            if isinstance(found, type) and issubclass(found, BaseException):
                named = f"the exception {name}"
            else:
                named = named or name
    return named or "an object"
