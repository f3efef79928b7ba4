"""What gevent's events, locks, queues and locals keep between runs. They are C objects, put back by what they offer.

Nothing here imports gevent: where the code under test has not done so, there is nothing to put back.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from operator import is_
from typing import Any

from ..own_dict import mro

_module = type.__dict__["__module__"].__get__  # types of C code have it in their name only


def is_gevents(kind: type) -> bool:
    """Return whether instances of ``kind`` are gevent's, or of a class derived from one of gevent's."""
    return "gevent" in sys.modules and any(_of_gevent(base) for base in mro(kind))


def _of_gevent(base: type) -> bool:
    module = _module(base)
    return isinstance(module, str) and module.partition(".")[0] == "gevent"


def note(thing: Any) -> tuple[Callable[[], None] | None, Iterable[object]]:
    """Return what puts ``thing`` back to how it is now (None: nothing to put back), and what it refers to."""
    kind = type(thing)
    if issubclass(kind, _named("gevent.lock", "Semaphore")):
        return _semaphore(thing), ()
    if issubclass(kind, _named("gevent.event", "Event")):
        return _event(thing), ()
    if issubclass(kind, _named("gevent.event", "AsyncResult")):
        return _result(thing)
    if issubclass(kind, (_named("gevent.queue", "SimpleQueue"), _named("gevent.queue", "Queue"))):
        return _queue(thing)
    return None, ()


def seen_here(thing: Any) -> dict[str, Any] | None:
    """Return the attributes that the current greenlet sees of the greenlet-local ``thing``; None: it is none."""
    local: Any = _named("gevent.local", "local")
    if local and issubclass(type(thing), local):
        with suppress(Exception):  # one that makes itself ready when it is first looked at, and cannot
            attributes = local.__getattribute__(thing, "__dict__")
            return attributes if type(attributes) is dict else None
    return None


def _named(module: str, name: str) -> Any:
    """Return a class of gevent, () where its module has not been imported."""
    return getattr(sys.modules.get(module), name, ())


def _semaphore(thing: Any) -> Callable[[], None]:
    saved = thing.counter

    def restore() -> None:
        if thing.counter != saved:
            with suppress(AttributeError):
                thing.counter = saved

    return restore


def _event(thing: Any) -> Callable[[], None]:
    saved = thing.is_set()

    def restore() -> None:
        if thing.is_set() != saved:
            (thing.set if saved else thing.clear)()

    return restore


def _result(thing: Any) -> tuple[Callable[[], None] | None, Iterable[object]]:
    if thing.ready():
        return None, (thing.value,)
    begin: Any = _named("gevent.event", "AsyncResult").__init__

    def restore() -> None:
        if thing.ready():
            begin(thing)

    return restore, ()


def _queue(thing: Any) -> tuple[Callable[[], None] | None, Iterable[object]]:
    inside = getattr(thing, "queue", None)
    if inside is None:
        return None, ()
    items, size = tuple(inside), getattr(thing, "maxsize", None)
    extra = {"unfinished_tasks": thing.unfinished_tasks} if hasattr(thing, "unfinished_tasks") else {}
    closed = getattr(thing, "is_shutdown", False)
    begin: Any = next(filter(_of_gevent, mro(type(thing)))).__init__

    def restore() -> None:
        same = len(thing.queue) == len(items) and all(map(is_, thing.queue, items))
        same = same and all(getattr(thing, name) == value for name, value in extra.items())
        if not same or getattr(thing, "is_shutdown", False) != closed:
            begin(thing, size, items, **extra)

    return restore, items


def used_by_greenlets() -> frozenset[int]:
    """Return the identities of what greenlets that are parked now have at hand: in local variables, in attributes of
    those, and as globals that they name."""
    import greenlet

    found: set[int] = set()
    for each in gc.get_objects():
        if not isinstance(each, greenlet.greenlet):
            continue
        frame = each.gr_frame
        while frame is not None:
            near = list(frame.f_locals.values())
            near += [frame.f_globals[name] for name in frame.f_code.co_names if name in frame.f_globals]
            for value in near:
                found.add(id(value))
                attributes = getattr(value, "__dict__", None) if not isinstance(value, (type, type(sys))) else None
                if type(attributes) is dict:
                    found.update(map(id, list(attributes.values())))
            frame = frame.f_back
    return frozenset(found)
