"""What rewritten code calls: announce the access, let the execution decide, note what was read and written.

A hook runs on the worker's own thread right before the instruction; the worker holds the baton from the end of the
hook to its next announcement, so what the hook sees is what the instruction will see. Threads that are not workers
pass through untouched.
"""

from __future__ import annotations

import gc
import sys
import types
from _thread import get_ident
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from ..instrument.deferred import outer
from ..instrument.sites import READ, Site
from ..instrument.vocabulary import CONTAINER_METHODS, READ_ITEM
from .execution import Execution, Location
from .iterators import containers_behind
from .passed import call_of, links
from .state import STATE
from .trace import LostUpdate, Row
from .values import MISSING, differs, remember, show
from .worker import Worker

_INSTANCE, _SKIP, _CLASS, _MODULE, _SLOT = 1, 0, 2, 3, 4
_DATA = (types.MemberDescriptorType,)
_mro = type.__dict__["__mro__"].__get__
_class_dict = type.__dict__["__dict__"].__get__
_class_name = type.__dict__["__name__"].__get__
_module_dict = vars(types.ModuleType)["__dict__"].__get__
_PLAIN_KEYS = frozenset({int, str, bytes, bool, float, type(None)})


def _mine() -> bool:
    """Say whether the calling thread is the worker with the baton (after waiting for it, if it is a worker)."""
    run = STATE.run
    return run is not None and run.stray(get_ident())


def identity() -> int:
    """Return what the hooks know the caller by: a thread's identifier, or a greenlet's where gevent has patched."""
    return get_ident()


@contextmanager
def uncontrolled() -> Iterator[None]:
    """Let the engine run code in the middle of a run as if there were none."""
    run, ident = STATE.run, STATE.ident
    STATE.run, STATE.ident = None, 0  # type: ignore[assignment]
    try:
        yield
    finally:
        STATE.run, STATE.ident = run, ident


@contextmanager
def aside() -> Iterator[None]:
    """Let the engine run code on a worker's own thread in the middle of a run: hooks take it for nobody's. All others
    go on waiting for their turn."""
    run, ident = STATE.run, STATE.ident
    if run is None or ident != get_ident():
        yield
        return
    STATE.ident = 0
    try:
        yield
    finally:
        run.come_back(ident)


def _attribute_kind(cls: type, obj: Any, name: str) -> int:
    """Say where attribute ``name`` of an object of ``cls`` lives."""
    if issubclass(cls, types.ModuleType):
        return _MODULE
    if issubclass(cls, type):
        return _CLASS
    for base in cls.__mro__:
        found = base.__dict__.get(name, MISSING)
        if found is not MISSING:
            if isinstance(found, _DATA):
                return _SLOT
            if hasattr(type(found), "__set__") or hasattr(type(found), "__get__"):
                return _SKIP if hasattr(type(found), "__set__") else _INSTANCE
            break
    return _INSTANCE


def instance_dict(obj: Any) -> dict[str, Any] | None:
    """Return the dictionary of an instance, or None; runs no ``__getattribute__`` of the program."""
    getter = _dict_getter(type(obj))
    own = getter(obj) if getter is not None else None
    return own if type(own) is dict else None


def _dict_getter(cls: type) -> Callable[[Any], Any] | None:
    for base in cls.__mro__:
        found = base.__dict__.get("__dict__")
        if found is not None:
            return found.__get__ if type(found) is types.GetSetDescriptorType else None
    return None


def _owner(obj: Any, name: str, kind: int) -> Any:
    """Return the object that holds attribute ``name`` for reading: the instance, a class, a module's dict, or None."""
    if kind == _MODULE:
        return _module_dict(obj)  # a lazy module may have a property of that name
    if kind == _CLASS:
        for base in _mro(obj) or ():  # None while the class is being made
            if name in _class_dict(base):
                return base
        return obj
    if kind == _SLOT:
        return obj
    own = instance_dict(obj)
    if own is not None and name in own:
        return obj
    for base in type(obj).__mro__:
        found = base.__dict__.get(name, MISSING)
        if found is not MISSING:
            return None if hasattr(type(found), "__get__") else base
    return obj


def _peek(owner: Any, name: str) -> Any:
    """Return the value of ``name`` in ``owner`` without running any code of the program."""
    if type(owner) is dict:
        return owner.get(name, MISSING)
    if issubclass(type(owner), type):
        return _class_dict(owner).get(name, MISSING)
    own = instance_dict(owner)
    if own is not None:
        value = own.get(name, MISSING)
        if value is not MISSING:
            return value
    for base in type(owner).__mro__:
        found = base.__dict__.get(name, MISSING)
        if type(found) is types.MemberDescriptorType:
            try:
                return found.__get__(owner)
            except AttributeError:
                return MISSING
    return MISSING


def _target(owner: Any, name: str) -> str:
    if type(owner) is dict:
        return name
    if issubclass(type(owner), type):
        return f"{_class_name(owner)}.{name}"
    return f"{type(owner).__name__}.{name}"


@dataclass(frozen=True, slots=True)
class View:
    """How to look at one kind of location: its value, and its name for a reader; both get the same two operands."""

    peek: Callable[[Any, Any], Any]
    target: Callable[[Any, Any], str]


_GLOBALS = View(lambda names, name: names.get(name, MISSING), lambda names, name: str(name))
_ATTRIBUTE = View(_peek, _target)
_OWN = View(lambda pair, name: pair[1].get(name, MISSING), lambda pair, name: f"{type(pair[0]).__name__}.{name}")
"""An attribute in the dictionary of an instance; the operands are (instance, dictionary) and the name."""


def note(run: Execution, worker: Worker, site: Site, action: str, target: str, value: str, loc: Any) -> Row:
    """Make the row of what ``worker`` does now, and keep it where the run is recorded."""
    row = Row(worker.path, site.path, site.line, action, target, value, site.key, run.steps, loc, True)
    if run.rows is not None:
        reachable = _reachable(worker, site)
        row = Row(worker.path, site.path, site.line, action, target, value, site.key, run.steps, loc, reachable)
        run.rows.append(row)
    return row


def _depth() -> int:
    frame: types.FrameType | None = sys._getframe(1)
    depth = 0
    while frame is not None:
        depth += 1
        frame = outer(frame)
    return depth


def _reachable(worker: Worker, site: Site) -> bool:
    """Say whether a GIL build surely may switch threads between the worker's previous row and this one."""
    previous, depth_before = worker.last_site, worker.last_depth
    depth = _depth()
    worker.last_site, worker.last_depth = site, depth
    if previous is None or site.function is None or previous.function is None:
        return True
    if depth > depth_before:
        return True
    if depth < depth_before:
        return any(point > previous.offset for point in previous.function.safepoints)
    if site.function is not previous.function or site.offset <= previous.offset:
        return True
    return any(previous.offset < point < site.offset for point in site.function.safepoints)


def _read(site: Site, key: Any, loc: Any, view: View, a: Any, b: Any) -> None:
    run = STATE.run
    worker = STATE.worker
    worker.key = key
    run.announce(worker, site, loc, False)
    if run.coasting or (run.light and not site.is_source):
        return
    location = run.locations.get(key)
    if location is None:
        location = run.locations[key] = Location()
    if run.observing:
        run.observe(worker, site, loc, False, a)
        if run.recorder is not None:
            run.recorder.access(worker, site, key, loc, False, view.target(a, b), (a, b))
    if run.rows is not None:
        value = view.peek(a, b)
        note(run, worker, site, "read", view.target(a, b), show(value), loc)
        if site.is_source:
            worker.reads[site] = (key, location.version, remember(value), run.steps, worker.section)
    elif site.is_source:
        worker.reads[site] = (key, location.version, remember(view.peek(a, b)), run.steps, worker.section)
    if site.returned:
        worker.calls[site] = call_of()


def _write(site: Site, key: Any, loc: Any, value: Any, view: View, a: Any, b: Any) -> None:
    run = STATE.run
    worker = STATE.worker
    worker.key = key
    run.announce(worker, site, loc, True)
    if run.coasting:
        return
    location = run.locations.get(key)
    if location is None:
        location = run.locations[key] = Location()
    if run.observing:
        run.observe(worker, site, loc, True, a)
        if run.recorder is not None:
            run.recorder.access(worker, site, key, loc, True, view.target(a, b), (a, b))
    row = None
    if run.rows is not None:
        row = note(run, worker, site, "write", view.target(a, b), show(value), loc)
    if site.derived:
        _check_lost_update(run, worker, site, site.derived, key, location, value, view, a, b, row)
    if site.given and worker.calls and location.version:
        sources = _through_caller(worker, site, key, location)
        if sources:
            _check_lost_update(run, worker, site, sources, key, location, value, view, a, b, row)
    location.version = version = location.version + 1
    index = worker.index
    if location.writer != index:
        location.writer, location.streak = index, version
    location.last[index] = (version, site, run.steps, worker)


def _through_caller(worker: Worker, site: Site, key: Any, location: Location) -> list[Site]:
    """Return the outdated reads of other functions that the value given to this write was computed from."""
    if not any(index != worker.index for index in location.last):
        return []
    outdated = [
        source
        for source in worker.calls
        if (read := worker.reads.get(source)) is not None and read[0] == key and read[1] < location.version
    ]
    return [source for source in outdated if links(site, worker.calls[source])]


def _check_lost_update(
    run: Execution,
    worker: Worker,
    site: Site,
    sources: Sequence[Site],
    key: Any,
    location: Location,
    value: Any,
    view: View,
    a: Any,
    b: Any,
    row: Row | None,
) -> None:
    """Compare what this write was computed from with what other workers have written since it was read."""
    for source in sources:
        read = worker.reads.get(source)
        if read is None or read[0] != key:
            continue
        if run.observing and read[4] != worker.section:
            site.split = source.split = True
        newest_of_others = location.streak - 1 if location.writer == worker.index else location.version
        if newest_of_others <= read[1] or (source.key, site.key, worker.path) in run.harmless:
            continue
        others = [entry for index, entry in location.last.items() if index != worker.index and entry[0] > read[1]]
        if not others:
            continue
        current = remember(view.peek(a, b))
        if not differs(current, read[2]):
            continue
        other = max(others, key=lambda entry: entry[0])
        name = view.target(a, b)
        run.lost.append(
            LostUpdate(
                target=name,
                worker=worker.path,
                other=other[3].path,
                read=Row(worker.path, source.path, source.line, "read", name, show(read[2]), source.key, read[3]),
                overwritten=Row(
                    other[3].path, other[1].path, other[1].line, "write", name, show(current), other[1].key, other[2]
                ),
                write=row or Row(worker.path, site.path, site.line, "write", name, show(value), site.key, run.steps),
                value=remember(value),
                occurrence=worker.occurrence,
                read_occurrence=worker.counts.get(source, 0),
            )
        )
        run.coast()
        return


def step(site: Site) -> None:
    """Announce that a call is about to be made whose effect is not known; silent but in the phase that looks there."""
    if site.off or (get_ident() != STATE.ident and not _mine()):
        return
    worker, run = STATE.worker, STATE.run
    if run.live > 1:
        worker.key = None
        run.announce(worker, site, None, False)
        if run.rows is not None:
            note(run, worker, site, "call", "", "", None)


def _unknown(cls: type, site: Site) -> None:
    """An operation on an object whose class may do anything: it counts like a call of unknown effect."""
    if cls.__module__ == "builtins" or STATE.run.light:
        if not STATE.run.light or site.key not in STATE.run.strategy.sites:
            return
    if STATE.run.observing:
        STATE.run.unknown.add(site)
    step(site)


# -- globals


def read_global(site: Site) -> None:
    if site.off or (get_ident() != STATE.ident and not _mine()):
        return
    names = site.cache.get(dict)
    if names is None:
        names = site.cache[dict] = sys._getframe(1).f_globals
    name = site.name
    key = (id(names), name)
    _read(site, key, key, _GLOBALS, names, name)


def write_global(value: Any, site: Site) -> None:
    if site.off or (get_ident() != STATE.ident and not _mine()):
        return
    names = site.cache.get(dict)
    if names is None:
        names = site.cache[dict] = sys._getframe(1).f_globals
    name = site.name
    key = (id(names), name)
    _write(site, key, key, value, _GLOBALS, names, name)


# -- attributes


def _attribute_plan(cls: type, obj: Any, name: str) -> tuple[int, Callable[[Any], Any] | None]:
    """Return where attribute ``name`` of the instances of ``cls`` lives and, for plain ones, how to get their dict."""
    if cls.__module__ == "_thread" and cls.__name__ == "_local":
        STATE.run.uses_thread_locals = True
    kind = _attribute_kind(cls, obj, name)
    return kind, _dict_getter(cls) if kind == _INSTANCE else None


def read_attr(obj: Any, site: Site) -> None:
    if site.off or (get_ident() != STATE.ident and not _mine()):
        return
    cls = type(obj)
    plan = site.cache.get(cls)
    name = site.name
    if plan is None:
        plan = site.cache[cls] = _attribute_plan(cls, obj, name)
    kind, getter = plan
    if getter is not None:
        own = getter(obj)
        if type(own) is dict and name in own:
            key = (id(obj), name)
            _read(site, key, key, _OWN, (obj, own), name)
            return
    if kind == _SKIP:
        return
    owner = _owner(obj, name, kind)
    if owner is None:
        return
    key = (id(owner), name)
    _read(site, key, key, _ATTRIBUTE, owner, name)


def write_attr(value: Any, obj: Any, site: Site) -> None:
    if site.off or (get_ident() != STATE.ident and not _mine()):
        return
    cls = type(obj)
    plan = site.cache.get(cls)
    name = site.name
    if plan is None:
        plan = site.cache[cls] = _attribute_plan(cls, obj, name)
    kind = plan[0]
    if kind == _SKIP:
        return
    owner = _module_dict(obj) if kind == _MODULE else obj
    key = (id(owner), name)
    _write(site, key, key, value, _ATTRIBUTE, owner, name)


def read_position(obj: Any, cls: Any, site: Site) -> None:
    """Announce the read of the attribute that a class pattern gives to its positional argument ``int(site.label)``."""
    if site.off or (get_ident() != STATE.ident and not _mine()):
        return
    place = int(site.label)
    fits, names = False, ()
    with uncontrolled(), suppress(Exception):  # the class's metaclass may be the program's
        fits, names = isinstance(obj, cls), cls.__match_args__
    if fits and type(names) is tuple and place < len(names) and type(names[place]) is str:
        site.name = names[place]
        read_attr(obj, site)


# -- closure cells


def _cell_value(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING


_CELL = View(lambda cell, name: _cell_value(cell), lambda cell, name: str(name))


def read_cell(cell: Any, site: Site) -> None:
    if site.off or (get_ident() != STATE.ident and not _mine()):
        return
    key = (id(cell), "")
    _read(site, key, key, _CELL, cell, site.name)


def write_cell(value: Any, cell: Any, site: Site) -> None:
    if site.off or (get_ident() != STATE.ident and not _mine()):
        return
    key = (id(cell), "")
    _write(site, key, key, value, _CELL, cell, site.name)


# -- containers


def container_kind(cls: type) -> int:
    """Return 0 for what is no container, 1 for a mapping, 2 for a sequence, 3 for another container in C."""
    for base in cls.__mro__:
        found = _CONTAINERS.get(base)
        if found is not None:
            return found
    return 0


def _item(container: Any, index: Any) -> Any:
    cls = type(container)
    if issubclass(cls, dict):
        if _is_plain_key(index):
            return dict.get(container, index, MISSING)
        with uncontrolled(), suppress(Exception):  # the key's __hash__ and __eq__ may be the program's
            return dict.get(container, index, MISSING)
    elif type(index) is int:
        for base in _INDEXED:
            if issubclass(cls, base):
                with suppress(IndexError, ValueError, NotImplementedError):
                    return base.__getitem__(container, index)
    return MISSING


def _is_plain_key(index: Any) -> bool:
    return type(index) in _PLAIN_KEYS or (type(index) is tuple and all(type(part) in _PLAIN_KEYS for part in index))


def _item_target(container: Any, index: Any) -> str:
    return f"{type(container).__name__}[{show(index)}]"


_ITEM = View(_item, _item_target)
_WHOLE = View(lambda container, _: container, lambda container, _: type(container).__name__)
_CALL = View(lambda _, call: MISSING, lambda _, call: str(call))


def _memory(view: Any) -> Any:
    """Return what a memoryview looks at: other views, and the object itself, are of the same bytes."""
    try:
        return view if view.obj is None else view.obj
    except ValueError:  # released
        return view


def _item_key(container: Any, index: Any) -> Any:
    if type(container) is memoryview:  # any of its items may be a part of any item of another view
        return (id(_memory(container)), "container")
    if _is_plain_key(index):
        return (id(container), "item", index)
    return (id(container), "item", id(index))


def read_item(container: Any, index: Any, site: Site) -> None:
    if site.off or (get_ident() != STATE.ident and not _mine()):
        return
    cls = type(container)
    kind = site.cache.get(cls)
    if kind is None:
        kind = site.cache[cls] = container_kind(cls)
    if not kind:
        if STATE.run.precise is not None:
            STATE.run.precise.met(STATE.worker, container)
        else:
            _unknown(cls, site)
        return
    if kind == 1 and cls is not dict and STATE.run.precise is not None and hasattr(cls, "__missing__"):
        STATE.run.precise.met(STATE.worker, container)  # reading may add an item
    key = _item_key(container, index)
    loc = key if cls is memoryview else (id(container), "container")
    _read(site, key, loc, _ITEM, container, index)


def write_item(value: Any, container: Any, index: Any, site: Site) -> None:
    if site.off or (get_ident() != STATE.ident and not _mine()):
        return
    cls = type(container)
    kind = site.cache.get(cls)
    if kind is None:
        kind = site.cache[cls] = container_kind(cls)
    if not kind:
        if STATE.run.precise is not None:
            STATE.run.precise.met(STATE.worker, container)
        else:
            _unknown(cls, site)
        return
    key = _item_key(container, index)
    loc = key if cls is memoryview else (id(container), "container")
    _write(site, key, loc, value, _ITEM, container, index)


def _container(obj: Any, site: Site) -> Any:
    """Return the container that ``obj`` is or is a view of; None where it is neither."""
    cls = type(obj)
    kind = site.cache.get(cls)
    if kind is None:
        kind = site.cache[cls] = 9 if cls in _VIEWS else container_kind(cls)
    if kind == 9:  # a view refers to nothing but its dictionary
        referents = gc.get_referents(obj)
        return referents[0] if referents and container_kind(type(referents[0])) else None
    return None if not kind else _memory(obj) if cls is memoryview else obj


def _whole_target(container: Any) -> str:
    return type(container).__name__


def read_whole(obj: Any, site: Site) -> None:
    if site.off or (get_ident() != STATE.ident and not _mine()):
        return
    container = _container(obj, site)
    if container is None:
        if STATE.run.precise is not None:
            STATE.run.precise.met(STATE.worker, obj)
        else:
            _unknown(type(obj), site)
        return
    key = (id(container), "container")
    _read(site, key, key, _WHOLE, container, None)


def write_whole(obj: Any, site: Site) -> None:
    if site.off or (get_ident() != STATE.ident and not _mine()):
        return
    container = _container(obj, site)
    if container is None:
        if STATE.run.precise is not None:
            STATE.run.precise.met(STATE.worker, obj)
        return
    key = (id(container), "container")
    _write(site, key, key, MISSING, _WHOLE, container, None)


def iterate(obj: Any, site: Site) -> Any:
    if site.off or (get_ident() != STATE.ident and not _mine()):
        return obj
    container = _container(obj, site)
    containers: tuple[Any, ...] = (container,)
    if container is None:
        if STATE.run.precise is not None:
            STATE.run.precise.met(STATE.worker, obj)
        containers = containers_behind(obj, container_kind)
        if not containers:
            return obj
    for container in containers:
        read_whole(container, site)
    if STATE.run.observing and not site.seen:
        return obj
    return _Steps(obj, containers, site)


class _Steps:
    """An iterable that announces a read of its containers before each step."""

    __slots__ = ("_containers", "_iterable", "_site")

    def __init__(self, iterable: Any, containers: tuple[Any, ...], site: Site) -> None:
        self._iterable = iterable
        self._containers = containers
        self._site = site

    def __iter__(self) -> Any:
        step = iter(self._iterable).__next__
        containers, site = self._containers, self._site
        while True:
            try:
                yield step()  # no variable holds the value: it may die during the loop's body
            except StopIteration:
                return
            for container in containers:
                read_whole(container, site)

    def __len__(self) -> int:
        return len(self._iterable)

    def __reversed__(self) -> Any:
        return reversed(self._iterable)

    def __contains__(self, item: Any) -> bool:
        return item in self._iterable

    def __getattr__(self, name: str) -> Any:
        return getattr(self._iterable, name)


class _ContainerCall:
    """Stands in for a container while one of its methods is called: announces the call, then makes it."""

    __slots__ = ("_container", "_site")

    def __init__(self, container: Any, site: Site) -> None:
        self._container = container
        self._site = site

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)


def _announced_method(name: str, effect: str) -> Callable[..., Any]:
    by_item = effect == READ_ITEM

    def method(self: _ContainerCall, /, *args: Any, **kwargs: Any) -> Any:
        container, site = self._container, self._site
        if get_ident() != STATE.ident and not _mine():  # working out the arguments may have cost the baton
            return getattr(container, name)(*args, **kwargs)
        loc = (id(container), "container")
        if by_item and args and isinstance(container, dict):
            key = _item_key(container, args[0])
            _read(site, key, loc, _ITEM, container, args[0])
            return getattr(container, name)(*args, **kwargs)
        call = f"{_whole_target(container)}.{name}"
        if site.action == READ:
            _read(site, loc, loc, _CALL, container, call)
            return getattr(container, name)(*args, **kwargs)
        _write(site, loc, loc, args[0] if args else MISSING, _CALL, container, call)
        return getattr(container, name)(*args, **kwargs)

    method.__name__ = name
    return method


for _name, _effect in CONTAINER_METHODS.items():
    setattr(_ContainerCall, _name, _announced_method(_name, _effect))


def container_call(obj: Any, site: Site) -> Any:
    """Return the stand-in for a container in a method call, or ``obj`` where the method is written in Python."""
    if site.off:
        return obj
    known = site.cache.get(type(obj))
    if known is None:
        method = getattr(type(obj), site.name, None)
        known = site.cache[type(obj)] = isinstance(method, (types.MethodDescriptorType, types.WrapperDescriptorType))
    return _ContainerCall(obj, site) if known else obj


def _fill_tables() -> tuple[dict[type, int], frozenset[type]]:
    import array
    import collections

    containers: dict[type, int] = {
        dict: 1, list: 2, collections.deque: 2, set: 3, bytearray: 2, array.array: 2, memoryview: 2,
    }  # fmt: skip
    empty: dict[Any, Any] = {}
    ordered = collections.OrderedDict[Any, Any]()
    views = frozenset(
        type(view)
        for view in (
            empty.keys(), empty.values(), empty.items(), ordered.keys(), ordered.values(), ordered.items(),
        )
    )  # fmt: skip
    return containers, views


_CONTAINERS, _VIEWS = _fill_tables()
_INDEXED: tuple[Any, ...] = tuple(cls for cls, kind in _CONTAINERS.items() if kind == 2)
