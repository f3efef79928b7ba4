"""What ``multiprocessing`` puts into shared memory: the classes of ctypes, and the wrappers with a lock around them."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from multiprocessing import sharedctypes
from typing import Any

_SIMPLE = ("c_byte", "c_ubyte", "c_short", "c_ushort", "c_int", "c_uint", "c_long", "c_ulong", "c_longlong",
           "c_ulonglong", "c_float", "c_double", "c_longdouble", "c_char", "c_wchar", "c_bool")  # fmt: skip


def simple() -> Iterator[tuple[Any, Any]]:
    """Yield each class with a ``value``, and the descriptor of that."""
    for name in _SIMPLE:
        kind: Any = getattr(ctypes, name)
        yield kind, next(vars(base)["value"] for base in kind.__mro__ if "value" in vars(base))


def arrays() -> Iterator[Any]:
    """Yield the classes of arrays that there are."""
    yield from _below(ctypes.Array)[1:]


def fields() -> Iterator[tuple[Any, str, Any]]:
    """Yield class, name and descriptor of each field of the structures that there are."""
    for kind in _below(ctypes.Structure):
        for field in getattr(kind, "_fields_", ()):
            plain = vars(kind).get(field[0])
            if plain is not None and hasattr(plain, "__set__"):
                yield kind, field[0], plain


def wrapped() -> Iterator[tuple[Any, str, property]]:
    """Yield class, name and property of each value or field that is read and written under a lock of its own."""
    kinds: set[type] = {sharedctypes.Synchronized, sharedctypes.SynchronizedString}
    kinds |= set(getattr(sharedctypes, "class_cache", {}).values())
    for kind in kinds:
        for name, value in list(vars(kind).items()):
            if isinstance(value, property):
                yield kind, name, value


def block_of(obj: Any) -> Any:
    """Return the part of an arena that a ctypes object lies in, None where it is not in shared memory."""
    wrapper = getattr(obj, "_wrapper", None)
    return None if wrapper is None else wrapper._state[0]


def _below(kind: type) -> list[Any]:
    found = [kind]
    for cls in found:
        found += cls.__subclasses__()
    return found
