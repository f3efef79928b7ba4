"""What the code under test keeps between runs, put back before each run, so that every schedule starts the same.

A module-level counter, cache, singleton, queue or lock that one run changed would make the next one another program: a
correct test would fail, and a singleton would be made only once. So the state reachable from the modules in scope is
noted once a test (references, not copies of what they refer to) and put back in place, where objects keep their
identity. Reached are globals, class attributes, closures, mutable defaults, instances of classes in scope, containers
(weak ones, too), what the tests' own thread sees of thread-locals, and the standard library's locks, events, queues and
executors. What is not reached (files, iterators, state in C, other packages) is noticed where it matters: a failure
counts only if the serial order still passes.
"""

from __future__ import annotations

import ast
import contextlib
import contextvars
import functools
import gc
import itertools
import random
import sys
import types
import weakref
from _queue import SimpleQueue
from _thread import RLock, allocate_lock, get_ident
from array import array
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from operator import is_
from threading import Thread, local
from typing import Any

import pytest

from ..instrument.injected import class_method
from ..instrument.scope import Area, Chooser
from ..own_dict import class_dict, mro, own_dict
from . import rewind_gevent
from .base import root_of

LIMIT = 20_000
"""Containers and elements looked at, so that a module with a large table costs no more than a small one."""
LIBRARY = frozenset(
    {"threading", "queue", "concurrent.futures.thread", "collections", "types", "gevent.lock", "gevent.pool"}
)
"""Modules of libraries whose instances are rewound like those of classes in scope."""

SYNCHRONISING = frozenset({"threading", "queue", "concurrent.futures.thread"})
"""Those of them of which an instance is left alone where a thread that no schedule controls may be waiting in it."""

_LOCK = type(allocate_lock())
_CACHED = type(functools.lru_cache(lambda: None))
_FUNCTIONS = (types.FunctionType, staticmethod, classmethod, types.MethodType, functools.partial, property)
_WEAK = frozenset({weakref.WeakValueDictionary, weakref.WeakKeyDictionary, weakref.WeakSet})
_module_dict = vars(types.ModuleType)["__dict__"].__get__
_MISSING: Any = object()
_PLAIN = (int, float, complex, str, bytes, bool, type(None), types.CodeType, types.BuiltinFunctionType)


class Rewind:
    """The state of the modules named ``modules`` and of the objects ``more``, as it is now."""

    def __init__(self, modules: Iterable[str], more: Iterable[object] = ()) -> None:
        self._modules = frozenset(modules)
        self._restorers: list[Callable[[], None]] = []
        self._left = LIMIT
        self._empty: list[dict[str, Any]] = []
        self._seen: set[int] = set()
        self._in_use = _used_elsewhere()
        self._kept: list[object] = []
        waiting: deque[object] = deque(more)
        for name in sorted(self._modules):
            module = sys.modules.get(name)
            if issubclass(type(module), types.ModuleType):
                waiting.extend(self._note_dict(_module_dict(module), rebinding=True))
        while waiting and self._left > 0:
            thing = waiting.popleft()
            if type(thing) in _PLAIN or id(thing) in self._seen:
                continue
            self._seen.add(id(thing))
            self._kept.append(thing)
            waiting.extend(self._note(thing))

    def __call__(self) -> None:
        """Put everything back."""
        if any(map(len, self._empty)):
            for attributes in self._empty:
                attributes.clear()
        for restore in self._restorers:
            restore()

    def forget(self) -> None:
        """Let go of the program at once, even if a traceback still refers to this."""
        self._restorers.clear()
        self._empty.clear()
        self._kept.clear()

    def _note(self, thing: Any) -> Iterable[object]:
        """Remember how to put ``thing`` back; return what it refers to."""
        self._left -= 1
        kind = type(thing)
        if issubclass(kind, type):
            return self._note_class(thing) if _module_of(thing) in self._modules else ()
        if kind in (tuple, frozenset):
            return self._elements(thing)
        if kind in _FUNCTIONS:
            return self._note_function(thing)
        if kind is types.CellType:
            return self._note_cell(thing)
        if issubclass(kind, types.ModuleType) or id(thing) in self._in_use:
            return ()
        if rewind_gevent.is_gevents(kind):
            return self._note_gevents(thing)
        if kind in (_LOCK, RLock):
            self._note_lock(thing)
        elif kind is contextvars.ContextVar:
            with contextlib.suppress(LookupError):
                return (thing.get(),)  # its default, perhaps, which all threads share
        elif kind is _CACHED:
            if not thing.cache_info().currsize:
                self._restorers.append(lambda: thing.cache_clear() if thing.cache_info().currsize else None)
            return self._note_function(thing.__wrapped__) if hasattr(thing, "__wrapped__") else ()
        elif kind is SimpleQueue:
            if thing.empty():
                self._restorers.append(functools.partial(_drain, thing))
        elif kind is random.Random:
            state = thing.getstate()
            self._restorers.append(lambda: thing.setstate(state))
        elif kind in (bytearray, array):
            content = thing[:]
            if len(content) <= self._left:
                self._left -= len(content)
                self._restorers.append(lambda: thing.__setitem__(slice(None), content) if thing != content else None)
        elif not _WEAK.isdisjoint(mro(kind)):  # their metaclass makes issubclass() slow
            return [*self._note_weak(thing), *self._note_instance(thing)]
        else:
            return [*self._note_content(thing), *self._note_instance(thing)]
        return ()

    def _note_gevents(self, thing: Any) -> Iterable[object]:
        seen = rewind_gevent.seen_here(thing)
        if seen is not None:
            return self._note_dict(seen)
        restore, found = rewind_gevent.note(thing)
        if restore is not None:
            self._restorers.append(restore)
        return [*found, *self._note_instance(thing)]

    def _elements(self, thing: Any) -> Iterable[object]:
        if len(thing) > self._left:
            return ()
        self._left -= len(thing)
        return tuple(thing)

    def _note_content(self, thing: Any) -> Iterable[object]:
        """Note what a container holds, where ``thing`` is one of the built-in kind or of a subclass."""
        kind = type(thing)
        if issubclass(kind, dict):
            return self._note_dict(thing)
        if issubclass(kind, list):
            return self._note_sequence(thing, list)
        if issubclass(kind, deque):
            return self._note_sequence(thing, deque)
        if issubclass(kind, set):
            members = frozenset(set.__iter__(thing))
            if len(members) > self._left:
                return ()

            def restore() -> None:
                if not (set.__len__(thing) == len(members) and set.issuperset(thing, members)):
                    set.clear(thing)
                    set.update(thing, members)

            self._restorers.append(restore)
            return self._elements(members)
        return ()

    def _note_sequence(self, thing: Any, kind: Any) -> Iterable[object]:
        if kind.__len__(thing) > self._left:
            return ()
        members = tuple(kind.__iter__(thing))

        def restore() -> None:
            if not (kind.__len__(thing) == len(members) and all(map(is_, kind.__iter__(thing), members))):
                kind.clear(thing)
                kind.extend(thing, members)

        self._restorers.append(restore)
        return self._elements(members)

    def _note_dict(self, thing: dict[Any, Any], rebinding: bool = False) -> Iterable[object]:
        """Note the items of a dictionary; ``rebinding``: of a module, where imported modules stay."""
        if len(thing) > self._left and not rebinding:
            return ()
        kind: Any = OrderedDict if issubclass(type(thing), OrderedDict) else dict
        saved = _Saved(kind.items(thing))

        def restore() -> None:
            if len(thing) == len(saved) and all(map(is_, kind.values(thing), saved.values())):
                if all(map(is_, kind.keys(thing), saved)):
                    return
            if rebinding:
                for name in [name for name in thing if name not in saved and not name.startswith("__")]:
                    if not issubclass(type(thing[name]), types.ModuleType):
                        del thing[name]
                for name, value in saved.items():
                    if thing.get(name, _MISSING) is not value and not name.startswith("__"):
                        thing[name] = value
            else:
                kind.clear(thing)
                for key, value in saved.items():
                    kind.__setitem__(thing, key, value)

        self._restorers.append(restore)
        self._left -= len(saved)
        self._note_counters(saved, kind.get, thing, kind.__setitem__)
        if rebinding:
            return [value for name, value in saved.items() if not name.startswith("__")]
        return [*saved, *saved.values()]

    def _note_weak(self, thing: Any) -> Iterable[object]:
        """Note what a weak container holds, without holding on to it: what has died meanwhile does not come back."""
        data = vars(thing).get("data")
        if type(data) not in (dict, set) or len(data) > self._left:
            return ()
        self._left -= len(data)
        self._seen.add(id(data))
        saved: Any = data.copy()  # of references
        by_value = isinstance(thing, weakref.WeakValueDictionary)

        def restore() -> None:
            if len(data) == len(saved) and all(map(is_, data, saved)):
                if type(data) is set or all(map(is_, data.values(), saved.values())):
                    return
            data.clear()
            if type(data) is set:
                data.update(reference for reference in saved if reference() is not None)
            else:
                data.update((key, value) for key, value in saved.items() if (value if by_value else key)() is not None)

        self._restorers.append(restore)
        return list(data.values()) if issubclass(type(thing), weakref.WeakKeyDictionary) else ()

    def _note_class(self, thing: type) -> Iterable[object]:
        saved = _Saved((name, value) for name, value in class_dict(thing).items() if not name.startswith("__"))
        self._left -= len(saved)

        def restore() -> None:
            now = class_dict(thing)
            for name, value in saved.items():
                if now.get(name, _MISSING) is not value:
                    put(thing, name, value)
            if len(now) != size:
                for name in [name for name in now if name not in saved and not name.startswith("__")]:
                    take(thing, name)

        put, take = class_method(thing, "__setattr__"), class_method(thing, "__delattr__")
        size = len(class_dict(thing))
        self._restorers.append(restore)
        self._note_counters(saved, _class_attribute, thing, put)
        return saved.values()

    def _note_counters(self, saved: dict[Any, Any], get: Any, holder: Any, put: Any) -> None:
        """Note each :class:`itertools.count` that nothing else refers to: a new one that starts alike replaces it."""
        for name in [name for name, value in saved.items() if type(value) is itertools.count]:
            if _holders(saved[name]) == 1:
                value = saved[name]
                text = repr(value)
                start = ast.literal_eval(text[len("count(") : -1] + ",")

                def restore(name: Any = name, text: str = text, start: tuple[Any, ...] = start) -> None:
                    if repr(get(holder, name)) != text:
                        put(holder, name, itertools.count(*start))

                self._restorers.append(restore)

    def _note_function(self, thing: Any) -> Iterable[object]:
        if type(thing) is functools.partial:
            return (thing.func, *thing.args, *thing.keywords.values())
        if type(thing) is property:
            return (thing.fget, thing.fset)
        if type(thing) is not types.FunctionType:
            return (thing.__func__, getattr(thing, "__self__", None))
        if thing.__module__ not in self._modules and thing.__globals__.get("__name__") not in self._modules:
            return ()
        found: list[object] = [*(thing.__closure__ or ()), *(thing.__defaults__ or ())]
        found += (thing.__kwdefaults__ or {}).values()
        attributes = vars(thing)
        if "hypothesis" in attributes:
            return found  # a test that Hypothesis runs: it keeps in the attributes what it needs until the last example
        if attributes:
            found += self._note_dict(attributes)
        else:
            self._empty.append(attributes)
        return found

    def _note_cell(self, cell: types.CellType) -> Iterable[object]:
        try:
            saved = cell.cell_contents
        except ValueError:
            saved = _MISSING

        def restore() -> None:
            try:
                now = cell.cell_contents
            except ValueError:
                now = _MISSING
            if now is not saved:
                if saved is _MISSING:
                    del cell.cell_contents
                else:
                    cell.cell_contents = saved

        self._restorers.append(restore)
        return () if saved is _MISSING else (saved,)

    def _note_lock(self, lock: Any) -> None:
        if hasattr(lock, "_at_fork_reinit") and not _held(lock):
            self._restorers.append(lambda: lock._at_fork_reinit() if _held(lock) else None)

    def _note_instance(self, thing: Any) -> Iterable[object]:
        kind = type(thing)
        if issubclass(kind, Thread):
            return ()
        if issubclass(kind, local):  # what it is to the thread that runs the tests
            try:
                return self._note_dict(local.__getattribute__(thing, "__dict__"))
            except Exception:  # a thread-local that makes itself ready when it is first looked at, and cannot
                return ()
        module = _module_of(kind)
        if module not in self._modules and module not in LIBRARY:
            return ()
        found: list[object] = []
        attributes = own_dict(thing)
        if attributes is not None:
            found += self._note_dict(attributes)
        for slot in _slots(kind):
            found += self._note_slot(thing, slot)
        return found

    def _note_slot(self, thing: Any, slot: types.MemberDescriptorType) -> Iterable[object]:
        saved = _slot_value(thing, slot)

        def restore() -> None:
            now = _slot_value(thing, slot)
            if now is not saved:
                if saved is _MISSING:
                    slot.__delete__(thing)
                else:
                    slot.__set__(thing, saved)

        self._restorers.append(restore)
        return () if saved is _MISSING else (saved,)


class _Saved(dict[Any, Any]):
    """The items of a dictionary as they were noted; told by its type from the holders of what is in it."""


def _holders(value: object) -> int:
    """Return how many objects of the program refer to ``value``."""
    return sum(type(each) not in (_Saved, types.FrameType) for each in gc.get_referrers(value))


def _held(lock: Any) -> bool:
    locked: bool = lock.locked() if hasattr(lock, "locked") else repr(lock).startswith("<locked")
    return locked


def _used_elsewhere() -> frozenset[int]:
    """Return the identities of the locks, queues, conditions that other threads have at hand now."""
    found: set[int] = set()
    for ident, frame in sys._current_frames().items():
        at: types.FrameType | None = frame if ident != get_ident() else None
        while at is not None:
            found.update(id(value) for value in list(at.f_locals.values()) if _synchronises(type(value)))
            at = at.f_back
    if "greenlet" in sys.modules:
        found |= rewind_gevent.used_by_greenlets()
    return frozenset(found)


def _synchronises(kind: type) -> bool:
    return kind in (_LOCK, RLock, SimpleQueue) or _module_of(kind) in SYNCHRONISING


def _drain(box: SimpleQueue[Any]) -> None:
    while not box.empty():
        box.get_nowait()


def _module_of(kind: type) -> object:
    return class_dict(kind).get("__module__")


def _class_attribute(kind: type, name: str) -> object:
    return class_dict(kind).get(name)


def _slots(kind: type) -> Iterator[types.MemberDescriptorType]:
    for base in mro(kind):
        for name, value in class_dict(base).items():
            if type(value) is types.MemberDescriptorType and not name.startswith("__"):
                yield value


def _slot_value(thing: Any, slot: types.MemberDescriptorType) -> Any:
    try:
        return slot.__get__(thing)
    except AttributeError:
        return _MISSING


REWIND: pytest.StashKey[Rewind] = pytest.StashKey()


def rewind(item: pytest.Item) -> None:
    """Put back what was noted for ``item``, if anything was: between the teardown and the set-up of its fixtures."""
    state = item.stash.get(REWIND, None)
    if state is not None:
        state()


def note_state(item: pytest.Function, include: tuple[str, ...] = ()) -> None:
    """Note the state of the modules in scope, and of what ``item`` was given from outside, for :func:`rewind`."""
    modules = Chooser(Area(root_of(item), include)).modules()
    item.stash[REWIND] = Rewind(modules, values_from_outside(item))


def forget_state(item: pytest.Item) -> None:
    """Hold on to nothing of the program."""
    if REWIND in item.stash:
        item.stash[REWIND].forget()
        del item.stash[REWIND]


def values_from_outside(item: pytest.Function) -> list[object]:
    """Return the parameters of ``item`` and the values of the fixtures that outlive it."""
    values: list[object] = list(item.callspec.params.values()) if hasattr(item, "callspec") else []
    for definitions in item._fixtureinfo.name2fixturedefs.values():
        for definition in definitions:
            if definition.scope != "function" and definition.cached_result is not None:
                values.append(definition.cached_result[0])
    return values
