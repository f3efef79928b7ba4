"""What has to be known of the module around a function to rewrite its code."""

from __future__ import annotations

import types
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from .caches import uses_caches
from .callers import BEYOND, NOWHERE, aliases, looks
from .rewrite import Scope
from .scope import Stores, globals_written
from .vocabulary import ANNOUNCED_CALLS, BOUND_IN_C, LIBRARY_CALLS, LIBRARY_NAMES, SYNC_METHODS

_ANNOUNCED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        module: frozenset(f"{cls}.{name}" for cls, names in classes.items() for name in names)
        for module, classes in ANNOUNCED_CALLS.items()
    }
)
"""The announced functions of each module, by their qualified names."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """The library functions that have a controlled stand-in.

    ``substitutes`` holds ``id(function)`` of those that have one under every name, ``builtins`` the names of such
    builtins, and ``library`` ``id(function)`` of those in ``LIBRARY_CALLS``, which have one where code of the area
    calls them.
    """

    substitutes: Collection[int]
    builtins: frozenset[str]
    library: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What has to be known of a module to rewrite its code, as it was before the test ran.

    ``written``, ``substituted``, ``calls`` and ``libraries`` are global names: that code in scope may rebind, that
    hold a function with a controlled stand-in, that have one where they are called (builtins, and functions of the
    library), that may be a module with such functions, and (``kept``) that hold a method of an object in C.
    ``synchronising`` are the names of all that is taken over in code of the library, ``announced`` the functions that
    are. ``aliases`` see :mod:`.callers`. ``caches``: it may use those of :mod:`functools`.
    """

    names: dict[str, Any]
    name: str
    accesses: bool
    written: frozenset[str]
    substituted: frozenset[str]
    calls: frozenset[str]
    libraries: frozenset[str]
    kept: frozenset[str]
    synchronising: frozenset[str]
    announced: frozenset[str]
    aliases: Mapping[str, str]
    caches: bool

    def scope_of(self, code: types.CodeType, stores: Stores) -> Scope:
        """Return what the rewriter has to know for ``code``, where code in scope stores the names in ``stores``."""
        used, accesses = frozenset(code.co_names), self.accesses
        level = looks((code,), self.aliases) if accesses else NOWHERE
        return Scope(
            module=self.name,
            accesses=accesses,
            globals_written=self.written & used,
            attributes_written=frozenset(stores.attributes & used) if accesses else frozenset(),
            any_attribute=accesses and stores.any_attribute,
            substituted=self.substituted & used,
            substituted_calls=self.calls & used,
            libraries=frozenset() if LIBRARY_NAMES.isdisjoint(used) else self.libraries,
            announced=self.announced,
            kept=self.kept & used,
            looks=level if level >= BEYOND else NOWHERE,
            caches=accesses and self.caches,
        )


def surroundings_of(function: types.FunctionType, accesses: bool, stores: Stores, replaced: Replaced) -> Surroundings:
    """Return those of ``function``. ``accesses``: its module is in the area, so that accesses are instrumented."""
    names = function.__globals__
    name = str(names.get("__name__", "?"))
    substituted = frozenset(name for name, value in list(names.items()) if id(value) in replaced.substitutes)
    return Surroundings(
        names,
        name,
        accesses,
        globals_written(function, stores) if accesses else frozenset(),
        substituted,
        _called(names, replaced) if accesses else frozenset(),
        _libraries(names) if accesses and replaced.library else frozenset(),
        _kept(names) if accesses else frozenset(),
        SYNC_METHODS | substituted,
        _ANNOUNCED.get(name, frozenset()),
        aliases(names),
        accesses and uses_caches(names),
    )


def _called(names: Mapping[str, Any], replaced: Replaced) -> frozenset[str]:
    held = {name for name, value in list(names.items()) if id(value) in replaced.library}
    return frozenset(held | (replaced.builtins - names.keys()))


def _kept(names: Mapping[str, Any]) -> frozenset[str]:
    """Return the names that hold a bound method of an object (``add = items.append``)."""
    bound = [(name, value.__self__) for name, value in list(names.items()) if type(value) in BOUND_IN_C]
    return frozenset(name for name, owner in bound if not isinstance(owner, types.ModuleType | type | None))


def _libraries(names: Mapping[str, Any]) -> frozenset[str]:
    """Return the names under which code of a module may have one of the modules in ``LIBRARY_CALLS``: those of its
    globals, and their own, which a function may import."""
    held = {name for name, value in list(names.items()) if type(value) is types.ModuleType}
    return frozenset(LIBRARY_CALLS).union(
        name
        for name in held
        if types.ModuleType.__getattribute__(names[name], "__dict__").get("__name__") in LIBRARY_CALLS
    )
