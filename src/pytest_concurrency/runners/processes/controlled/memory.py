"""Shared memory: Value, Array, RawValue, RawArray, structures, SharedMemory and ShareableList."""

from __future__ import annotations

import ast
import linecache
import os
import sys
import types
from collections.abc import Callable
from functools import lru_cache
from multiprocessing import sharedctypes
from typing import Any, cast

from ....source import Position, parsed, position_at, position_of
from ....watch import shared_ctypes
from .agent import Agent
from .patches import Patches
from .places import ACCESS
from .snapshot import tracker

READ, WRITE = "read", "write"


def install(agent: Agent, patches: Patches) -> None:
    """Hook what is in shared memory. They let pass what is not done by a worker."""
    for cls, name, value in shared_ctypes.wrapped():
        get, put = cast("tuple[Any, Any]", (value.fget, value.fset))
        patches.set(cls, name, _property(agent, get, put, _of_wrapper, name))
    array = sharedctypes.SynchronizedArray
    _items(agent, patches, array, _of_wrapper)
    for kind, plain in shared_ctypes.simple():
        patches.set(kind, "value", _property(agent, plain.__get__, plain.__set__, _of_ctype, "value"))
    if "multiprocessing.shared_memory" in sys.modules:
        _install_shared_memory(agent, patches)


def install_own(agent: Agent) -> None:
    """Hook the arrays and the structures, most of them classes of the program. In the worker: what its modules
    hold is put back before each schedule."""
    patches = Patches()
    for kind in shared_ctypes.arrays():
        _items(agent, patches, kind, _of_ctype)
    for kind, name, plain in shared_ctypes.fields():
        patches.set(kind, name, _property(agent, plain.__get__, plain.__set__, _of_ctype, name))


def _of_ctype(obj: Any) -> Any:
    """Return the location of a ctypes object, None where it is not in shared memory."""
    block = shared_ctypes.block_of(obj)
    if block is None:
        return None
    arena, start, _ = block
    fd = getattr(arena, "fd", -1)
    return ("mem", os.fstat(fd).st_ino if fd >= 0 else id(arena), start)


def _of_wrapper(obj: Any) -> Any:
    return _of_ctype(obj._obj)


def _property(
    agent: Agent, get: Callable[[Any], Any], put: Callable[[Any, Any], None], locate: Callable[[Any], Any], name: str
) -> property:
    def getter(obj: Any) -> Any:
        if not agent.here() or agent.quiet or (loc := locate(obj)) is None:
            return get(obj)
        place = agent.announce(sys._getframe(1), ACCESS, READ, loc, (*loc, name), write=False)
        with agent.as_one():
            value = get(obj)
        agent.did(place, loc, (*loc, name), False, value)
        return value

    def setter(obj: Any, value: Any) -> None:
        if not agent.here() or agent.quiet or (loc := locate(obj)) is None:
            return put(obj, value)
        place = agent.announce(sys._getframe(1), ACCESS, WRITE, loc, (*loc, name), write=True)
        with agent.as_one():
            put(obj, value)
        agent.did(place, loc, (*loc, name), True, value)
        return None

    return property(getter, setter)


def _items(agent: Agent, patches: Patches, cls: Any, locate: Callable[[Any], Any]) -> None:
    get, put = cls.__getitem__, cls.__setitem__

    def getitem(obj: Any, index: Any) -> Any:
        if not agent.here() or agent.quiet or (loc := locate(obj)) is None:
            return get(obj, index)
        key = _key(loc, index, obj)
        place = agent.announce(sys._getframe(1), ACCESS, READ, loc, key, write=False)
        with agent.as_one():
            value = get(obj, index)
        agent.did(place, loc, key, False, value)
        return value

    def setitem(obj: Any, index: Any, value: Any) -> None:
        if not agent.here() or agent.quiet or (loc := locate(obj)) is None:
            put(obj, index, value)
            return
        key = _key(loc, index, obj, write=True)
        place = agent.announce(sys._getframe(1), ACCESS, WRITE, loc, key, write=True)
        with agent.as_one():
            put(obj, index, value)
        agent.did(place, loc, key, True, value)

    patches.set(cls, "__getitem__", getitem)
    patches.set(cls, "__setitem__", setitem)


def _key(loc: Any, index: Any, obj: Any, write: bool = False) -> Any:
    """Return the exact location of one item; of a slice, that of the whole, unless a part of it is written."""
    if isinstance(index, slice) and write:
        return loc if len(range(*index.indices(len(obj)))) == len(obj) else (*loc, *index.indices(len(obj)))
    if not isinstance(index, int):
        return loc
    return (*loc, index if index >= 0 else len(obj) + index)


# -- multiprocessing.shared_memory


def _install_shared_memory(agent: Agent, patches: Patches) -> None:
    from multiprocessing import shared_memory

    plain: Any = shared_memory.SharedMemory.buf
    get: Any = plain.fget

    def buf(memory: Any) -> Any:
        view = get(memory)
        if not agent.here() or agent.quiet or view is None or not _is_subscripted(sys._getframe(1)):
            return view
        return _View(agent, view, ("shm", memory.name))

    made: Any = shared_memory.SharedMemory.__init__

    def __init__(memory: Any, name: str | None = None, create: bool = False, *args: Any, **kwargs: Any) -> None:
        made(memory, name, create, *args, **kwargs)
        if create and agent.on:
            agent.made(memory._name, tracker() if getattr(memory, "_track", True) else None)

    patches.set(shared_memory.SharedMemory, "__init__", __init__)
    patches.set(shared_memory.SharedMemory, "buf", property(buf))
    _items(agent, patches, shared_memory.ShareableList, lambda obj: ("shm", obj.shm.name))


class _View:
    """Stands for ``memory.buf`` where it is subscripted on the spot, and for nothing else."""

    __slots__ = ("_agent", "_loc", "_view")

    def __init__(self, agent: Agent, view: memoryview, loc: tuple[str, str]) -> None:
        self._agent = agent
        self._view = view
        self._loc = loc

    def _key(self, index: Any) -> Any:
        if isinstance(index, slice):
            return (*self._loc, *index.indices(len(self._view)))
        return (*self._loc, index)

    def __getitem__(self, index: Any) -> Any:
        key = self._key(index)
        place = self._agent.announce(sys._getframe(1), ACCESS, READ, self._loc, key, write=False)
        value = self._view[index]
        self._agent.did(place, self._loc, key, False, value)
        return value

    def __setitem__(self, index: Any, value: Any) -> None:
        key = self._key(index)
        place = self._agent.announce(sys._getframe(1), ACCESS, WRITE, self._loc, key, write=True)
        self._view[index] = value
        self._agent.did(place, self._loc, key, True, value)


def _is_subscripted(frame: types.FrameType) -> bool:
    position = position_at(frame.f_code, frame.f_lasti)
    if position is None:
        return False
    return position in _subscripted("".join(linecache.getlines(frame.f_code.co_filename, frame.f_globals)))


@lru_cache(maxsize=64)
def _subscripted(source: str) -> frozenset[Position]:
    """Return the positions of the attributes in ``source`` that are subscripted directly: ``x.buf[...]``."""
    tree = parsed(source)
    if tree is None:
        return frozenset()
    nodes = (node.value for node in ast.walk(tree) if isinstance(node, ast.Subscript))
    return frozenset(position_of(node) for node in nodes if isinstance(node, ast.Attribute))
