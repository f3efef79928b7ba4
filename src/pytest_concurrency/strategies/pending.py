"""From a worker of a running program to the operation that partial order reduction reasons about.

Locations are numbered in the order in which a run announces them first: the same beginning gives the same numbers.
What the operations do not tell is a doubt: with one, no exploration may be called complete.
"""

from __future__ import annotations

import gc
import types
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from . import dpor_ops as ops
from .dpor_ops import Kind, Op

ACQUIRE, TRY, RELEASE, CALL = "acquire", "try", "release", "call"
_VALUES = frozenset({str, bytes, int, float, complex, bool, tuple, frozenset, range, type(None), slice})
_DRAWING = frozenset({zip, map, filter, enumerate})
_LOOKS = ("__getitem__", "__setitem__", "__delitem__", "__iter__", "__contains__", "__len__", "__bool__")
END_QUESTIONS = frozenset({"Thread.is_alive"})
"""Announced calls whose result depends on whether a worker has ended, which is no operation."""
QUESTIONS = frozenset({"Event.is_set", "Queue.qsize", "Queue.empty", "Queue.full", "Future.done", "Future.running",
                    "Future.cancelled"})  # fmt: skip
"""Announced calls that only ask, and change nothing."""


class Intent:
    """What an announced synchronising operation is about to do, beyond its location.

    ``kind`` is one of ACQUIRE, TRY, RELEASE and CALL; ``name`` that of the called method; ``free`` says whether the
    lock in question could be taken; ``target`` is the worker that is joined.
    """

    __slots__ = ("free", "kind", "loc", "lock_loc", "name", "target")

    def __init__(
        self,
        kind: str,
        loc: Any,
        name: str = "",
        free: Callable[[], bool] | None = None,
        lock_loc: Any = None,
        target: Any = None,
    ) -> None:
        self.kind = kind
        self.loc = loc
        self.name = name
        self.free = free
        self.lock_loc = lock_loc
        self.target = target


class Announced(Protocol):
    """What is read of a worker."""

    path: str
    index: int
    site: Any
    loc: Any
    write: bool
    done: bool
    wait: Any
    intent: Any
    thread: Any
    body: Any


def _sources(iterator: Any) -> list[Any]:
    """Return ``iterator`` and the iterators that it draws from: those of ``zip``, ``map``, ``itertools.tee``, ..."""
    found = [iterator]
    for source in found:
        if type(source).__module__ == "itertools" or type(source) in _DRAWING:
            inner = [x for x in gc.get_referents(source) if hasattr(type(x), "__next__") or _is_buffer(x)]
            found += [x for x in inner if not any(x is known for known in found)]
    return found


def _is_buffer(obj: Any) -> bool:
    return type(obj).__module__ == "itertools" and not isinstance(obj, type)


class Held:
    """A lock inside the standard library: who took it in which operation, and what all its users announced."""

    __slots__ = ("cover", "lock", "spans", "taken")

    def __init__(self, lock: Any, cover: frozenset[Any]) -> None:
        self.lock = lock
        self.cover = cover
        self.taken: tuple[int, int] = (-1, -1)
        self.spans = False


class Translator:
    """Translates the workers of one run.

    ``files`` are those whose code is instrumented, ``doubts`` are reasons against calling an exploration complete.
    """

    def __init__(self, files: frozenset[str] = frozenset()) -> None:
        self.doubts: list[str] = []
        self._files = files
        self._classes: dict[type, str] = {}
        self._names: dict[Any, int] = {}
        self._known: dict[int, tuple[Any, Any, Op[str], tuple[Any, ...]]] = {}
        self._running: dict[int, tuple[int, frozenset[Any]]] = {}
        self._internal: dict[int, Held] = {}
        self._iterators: dict[int, tuple[Any, int]] = {}
        self._serial = 0

    def doubt(self, reason: str) -> None:
        """Note a reason against calling an exploration complete."""
        if reason not in self.doubts:
            self.doubts.append(reason)

    # -- operations

    def operation(self, worker: Announced) -> Op[str]:
        """Return what ``worker`` does next."""
        known = self._known.get(worker.index)
        if known is not None and known[0] is worker.loc and known[1] is worker.wait:
            return known[2]
        op, raw = self._translated(worker)
        self._known[worker.index] = (worker.loc, worker.wait, op, raw)
        return op

    def _translated(self, worker: Announced) -> tuple[Op[str], tuple[Any, ...]]:
        wait, loc, intent = worker.wait, worker.loc, worker.intent
        if intent is not None and intent.loc is not loc:
            intent = None
        if wait is not None and wait.kind == "join":
            return ops.join_all(tuple(w.path for w in wait.workers)), ()
        if wait is not None and wait.kind == "sleep":
            return ops.parked(), ()
        if loc is None:
            if worker.site is None and worker.body is None and worker.thread is not None:
                started = (id(worker.thread), "call")
                return ops.transfer(self._name(started)), (started,)
            if wait is not None:
                self.doubt("a worker waited inside code that is not looked into")
            return Op(Kind.ACCESS), ()
        name = self._name(loc)
        if worker.site is not None and worker.site.kind == "method" and loc[1] == "queue":
            if wait is not None and id(getattr(wait, "queue", None)) != loc[0]:
                self.doubt("a worker waited inside code that is not looked into")
            return ops.transfer(name), (loc,)
        if intent is None or (wait is not None and intent.kind in (TRY, RELEASE)):
            if wait is not None:
                self.doubt("a worker waited inside code that is not looked into")
                return ops.transfer(name), (loc,)
            return (ops.write(name), (loc,)) if worker.write else (ops.read(name), ())
        if intent.kind == ACQUIRE:
            return ops.acquire(name), (loc,)
        if intent.kind == TRY:
            return ops.try_acquire(name), (loc,)
        if intent.kind == RELEASE:
            return ops.release(name), (loc,)
        return self._call(worker, intent, name)

    def _call(self, worker: Announced, intent: Intent, name: int) -> tuple[Op[str], tuple[Any, ...]]:
        loc = intent.loc
        if intent.name in END_QUESTIONS:
            self.doubt(f"{intent.name}() asks whether a worker has ended")
        if intent.name == "Thread.join" and intent.target is not None:
            return ops.join_all((intent.target.path,)), ()
        if intent.name == "Condition.wait":
            lock = self._name(intent.lock_loc)
            both = (loc, intent.lock_loc)
            return (ops.wait(name, lock) if worker.wait is None else ops.reacquire(name, lock)), both
        if intent.name in ("Condition.notify", "Condition.notify_all"):
            return ops.notify(name), (loc,)
        if intent.name in QUESTIONS:
            return ops.read(name), ()
        return ops.transfer(name), (loc,)

    def is_enabled(self, worker: Announced) -> bool:
        """Say whether ``worker``, which the engine takes for able to go on, could do so without blocking at once."""
        intent = worker.intent
        if intent is None or intent.loc is not worker.loc:
            return True
        if intent.kind == ACQUIRE:
            return worker.wait is not None or intent.free()
        if intent.kind == CALL:
            if intent.name == "Thread.join":
                return worker.wait is not None or intent.target is None or intent.target.done
            if intent.name == "Condition.wait" and worker.wait is not None:
                return bool(intent.free())
        return True

    def blocked(self, workers: Sequence[Announced], able: Sequence[str]) -> dict[str, Op[str]]:
        """Return the operations of the workers that have not ended and are not among ``able``."""
        found: dict[str, Op[str]] = {}
        for worker in workers:
            if worker.done or worker.path in able:
                continue
            op = self.operation(worker)
            found[worker.path] = ops.parked() if op.kind is Kind.REACQUIRE and not worker.wait.ready() else op
        return found

    def chosen(self, worker: Announced) -> None:
        """Note that the operation of ``worker`` is executed now."""
        self._serial += 1
        self._running[worker.index] = (self._serial, frozenset(self._known[worker.index][3]))

    def _name(self, loc: Any) -> int:
        return self._names.setdefault(loc, len(self._names))

    # -- what happens inside an operation

    def touched(self, worker: Announced, lock: Any, took: bool) -> None:
        """Note that ``worker`` took or released ``lock`` in the middle of its operation.

        A lock that is held from one operation to another decides what can run; then everything that touches it has to
        be announced as a change of one and the same location.
        """
        running = self._running.get(worker.index)
        if running is None:
            return
        serial, cover = running
        held = self._internal.get(id(lock))
        if held is None:
            held = self._internal[id(lock)] = Held(lock, cover)
        else:
            held.cover &= cover
        if took:
            held.taken = (worker.index, serial)
        elif held.taken != (worker.index, serial):
            held.spans = True
        if held.spans and not held.cover:
            self.doubt("a lock inside a library is held from one operation to another")

    def met(self, worker: Announced, obj: Any) -> None:
        """Note that ``worker`` looks into an object that is no known container."""
        if hasattr(type(obj), "__next__"):
            for source in _sources(obj):
                known = self._iterators.setdefault(id(source), (source, worker.index))
                if known[1] != worker.index:
                    self.doubt("workers share an iterator")
            return
        cls = type(obj)
        verdict = self._classes.get(cls)
        if verdict is None:
            verdict = self._classes[cls] = self._unknown(cls)
        if verdict:
            self.doubt(verdict)

    def _unknown(self, cls: type) -> str:
        if cls in _VALUES or issubclass(cls, (type, types.GenericAlias)):
            return ""
        for name in _LOOKS:
            method = getattr(cls, name, None)
            code = getattr(method, "__code__", None)
            if method is not None and (code is None or code.co_filename not in self._files):
                return f"the effects of looking into a {cls.__qualname__} are not known"
        return ""
