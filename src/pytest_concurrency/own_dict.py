"""Dictionaries of instances and classes, had without running any code of the program: ``__dict__`` may be a property,
and a metaclass may answer for its classes."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

mro: Callable[[type], Any] = type.__dict__["__mro__"].__get__
"""Returns the bases of a class, None while it is being made."""
class_dict: Callable[[type], types.MappingProxyType[str, Any]] = type.__dict__["__dict__"].__get__
_PLAIN = type("_Plain", (), {}).__dict__["__dict__"].__doc__
"""What the interpreter writes on the ``__dict__`` of classes that are written in Python."""


def own_dict(obj: object) -> dict[str, Any] | None:
    """Return the dictionary of ``obj``, or None where it has none that is like that of others."""
    getter = dict_getter(type(obj))
    own = getter(obj) if getter is not None else None
    return own if type(own) is dict else None


def dict_getter(cls: type) -> Callable[[Any], Any] | None:
    """Return what gets the dictionary of an instance of ``cls`` without running code of the program; None for none.

    A property runs code. So may a type written in C that passes itself off as another class: such a proxy gives the
    dictionary of what it stands for, and makes that first where it is lazy.
    """
    for base in mro(cls) or ():
        found = class_dict(base).get("__dict__")
        if found is not None:
            own = type(found) is types.GetSetDescriptorType and (found.__doc__ == _PLAIN or not _is_disguised(base))
            return found.__get__ if own else None
    return None


def _is_disguised(cls: type) -> bool:
    return any("__class__" in class_dict(base) for base in mro(cls) or () if base is not object)
