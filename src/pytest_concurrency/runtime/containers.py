"""Containers: which types are ones, what an item holds and is called, found without running code of the program."""

from __future__ import annotations

import array
import collections
from contextlib import suppress
from typing import Any

from .control import uncontrolled
from .location import View
from .values import MISSING, show

_PLAIN_KEYS = frozenset({int, str, bytes, bool, float, type(None)})


def container_kind(cls: type) -> int:
    """Return 0 for what is no container, 1 for a mapping, 2 for a sequence, 3 for another container in C."""
    for base in cls.__mro__:
        found = _CONTAINERS.get(base)
        if found is not None:
            return found
    return 0


def item_value(container: Any, index: Any) -> Any:
    """Return what ``container[index]`` holds, :data:`.values.MISSING` where it is empty or not to be told."""
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


ITEM = View(item_value, _item_target)
WHOLE = View(lambda container, _: container, lambda container, _: type(container).__name__)
CALL = View(lambda _, call: MISSING, lambda _, call: str(call))
HANDED = View(lambda *_: MISSING, lambda container, function: f"{function}({type(container).__name__})")


def memory(view: Any) -> Any:
    """Return what a memoryview looks at: other views, and the object itself, are of the same bytes."""
    try:
        return view if view.obj is None else view.obj
    except ValueError:  # released
        return view


def item_key(container: Any, index: Any) -> Any:
    """Return the exact location of ``container[index]``; of a memoryview's items it is the whole memory."""
    if type(container) is memoryview:  # any of its items may be a part of any item of another view
        return (id(memory(container)), "container")
    if _is_plain_key(index):
        return (id(container), "item", index)
    return (id(container), "item", id(index))


def whole_target(container: Any) -> str:
    """Return what a container is called for a reader."""
    return type(container).__name__


def _fill_tables() -> tuple[dict[type, int], frozenset[type]]:
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


_CONTAINERS, VIEWS = _fill_tables()
_INDEXED: tuple[Any, ...] = tuple(cls for cls, kind in _CONTAINERS.items() if kind == 2)
