"""The dictionary of an instance, had without running any code of the program: ``__dict__`` may be a property."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

_mro: Callable[[type], tuple[type, ...] | None] = type.__dict__["__mro__"].__get__
_class_dict: Callable[[type], types.MappingProxyType[str, Any]] = type.__dict__["__dict__"].__get__


def own_dict(obj: object) -> dict[str, Any] | None:
    """Return the dictionary of ``obj``, or None where it has none that is like that of others."""
    getter = dict_getter(type(obj))
    own = getter(obj) if getter is not None else None
    return own if type(own) is dict else None


def dict_getter(cls: type) -> Callable[[Any], Any] | None:
    """Return what gets the dictionary of an instance of ``cls``; None for none."""
    for base in _mro(cls) or ():
        found = _class_dict(base).get("__dict__")
        if found is not None:
            return found.__get__ if type(found) is types.GetSetDescriptorType else None
    return None
