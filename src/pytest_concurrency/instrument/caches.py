"""Whether a module keeps what its functions return in the caches of :mod:`functools`, which are written in C."""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator, Mapping
from typing import Any

from ..own_dict import class_dict
from .deferred import current

_NAMES = frozenset({"lru_cache", "cached_property"})
_WRAPPER = type(functools.lru_cache(lambda: None))
_PLAIN = frozenset({str, int, float, bool, bytes, tuple, dict, list, type(None), types.ModuleType})
_MAKERS = (functools.lru_cache, functools.cache, functools.cached_property)


def uses_caches(names: Mapping[str, Any]) -> bool:
    """Say whether the module with the globals ``names`` makes such caches, as far as is seen without looking deep."""
    return any(map(_is_about_caches, _members(names)))


def _members(names: Mapping[str, Any]) -> Iterator[Any]:
    for value in list(names.values()):
        yield value
        if issubclass(type(value), type) and value not in _MAKERS:
            yield from list(class_dict(value).values())


def _is_about_caches(value: Any) -> bool:
    if type(value) in _PLAIN:
        return False
    if type(value) in (staticmethod, classmethod):
        value = value.__func__
    if type(value) in (_WRAPPER, functools.cached_property) or any(value is maker for maker in _MAKERS):
        return True
    code = current(value.__code__) if type(value) is types.FunctionType else None
    if code is None:
        return False
    return not _NAMES.isdisjoint(code.co_names) or ("cache" in code.co_names and "functools" in code.co_names)
