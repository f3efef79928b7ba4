"""Functions of the library that look into or change a container handed to them: ``heappush(heap, x)``.

Each is one step that is announced before it is made: most are written in C, and the library's Python code runs as it
is. Only calls in the code under test are; what the library does with its own heaps is its own affair.
"""

from __future__ import annotations

import bisect
import heapq
import operator
import random
import types
from array import array
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..instrument.sites import ITEM, READ, WHOLE, WRITE, Site
from ..instrument.vocabulary import LIBRARY_CALLS, READ_ALL, READ_ITEM, WRITE_ITEM
from ..own_dict import class_dict
from ..runtime.containers import HANDED
from ..runtime.hooks.access import read, unknown, write
from ..runtime.hooks.containers import container_of, read_item, write_item
from ..runtime.values import MISSING
from ..state import STATE
from .builtin_calls import is_controlled, place_site

_MODULES: tuple[types.ModuleType, ...] = (bisect, heapq, operator, random)
_KEYWORDS = {"shuffle": "x", "choice": "seq", "choices": "population", "sample": "population"}
_ATOMS = frozenset({str, bytes, int, float, complex, bool, type(None)})
_HOLDING = frozenset({list, dict, set, deque, tuple, frozenset, OrderedDict, defaultdict})
_BUILTIN = _ATOMS | _HOLDING | {array, bytearray, range}
_BY_PLACE = frozenset({"getitem", "setitem", "delitem", "iadd", "iconcat"})
"""They compare nothing, but the keys of a dictionary."""
_COMPARING = ("__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__ne__", "__hash__")
_COMPARABLE = _ATOMS | {object, tuple}


def _announce(obj: Any, site: Site, name: str, value: Any) -> None:
    """Announce that the function ``name`` is about to read or write what it is handed."""
    if site.off:
        return
    container = container_of(obj, site)
    if container is None:
        unknown(obj, site)
        return
    key = (id(container), "container")
    if site.action == READ:
        read(site, key, key, HANDED, container, name)
    else:
        write(site, key, key, value, HANDED, container, name)


def _stand_in(module: str, name: str, effect: str, real: Callable[..., Any]) -> Callable[..., Any]:
    action = READ if effect in (READ_ITEM, READ_ALL) else WRITE
    by_item = effect in (READ_ITEM, WRITE_ITEM)
    keyword = _KEYWORDS.get(name, "a")

    def controlled(*args: Any, **kwargs: Any) -> Any:
        obj = args[0] if args else kwargs.get(keyword, MISSING)
        if obj is not MISSING and is_controlled():
            site = place_site(ITEM if by_item else WHOLE, action, name, module)
            if STATE.run.precise is not None and STATE.run.live > 1:
                doubt = call_doubt(module, name, obj, args[1:], kwargs)
                if doubt:
                    STATE.run.precise.doubt(doubt)
            if not by_item:
                _announce(obj, site, name, args[1] if len(args) > 1 and name != "delitem" else MISSING)
            elif effect == READ_ITEM and len(args) == 2:
                read_item(obj, args[1], site)
            elif effect == WRITE_ITEM and len(args) == 3:
                write_item(args[2], obj, args[1], site)
        return real(*args, **kwargs)

    controlled.__name__ = name
    return controlled


def call_doubt(module: str, name: str, obj: Any, args: Iterable[Any], kwargs: Mapping[str, Any]) -> str:
    """Return why a call of the function ``name`` may touch more than the container ``obj``, or "".

    It compares items, looks for a key, or goes through what else it is handed: that is known where no code but the
    interpreter's own runs for it.
    """
    doubt = f"the effects of {module}.{name}() are not known"
    if module == "random":
        return f"{module}.{name}() draws from numbers that workers share"
    if type(obj) not in _BUILTIN or kwargs.get("key") is not None:
        return doubt
    items = list(obj) if type(obj) in _HOLDING and (name not in _BY_PLACE or isinstance(obj, dict)) else []
    others = [*args, *kwargs.values()]
    if name == "setitem":
        del others[1:]  # the value is only put there
    elif name not in _BY_PLACE:
        items += others[:1]
        del others[:1]
    plain = all(_is_comparable(each) for each in items) and all(_is_value(each) for each in others)
    return "" if plain else doubt


def _is_value(obj: Any) -> bool:
    cls = type(obj)
    return cls in _ATOMS or (cls is tuple and all(_is_value(each) for each in obj))


def _is_comparable(obj: Any) -> bool:
    """Say whether comparing ``obj`` with its like runs no code of a program, and looks into nothing that changes."""
    cls = type(obj)
    if cls in _ATOMS:
        return True
    for name in _COMPARING:
        if next(base for base in cls.__mro__ if name in class_dict(base)) not in _COMPARABLE:
            return False
    return not issubclass(cls, tuple) or all(_is_comparable(each) for each in tuple.__iter__(obj))


def _stand_ins() -> dict[int, Callable[..., Any]]:
    found = {}
    for module in _MODULES:
        for name, effect in LIBRARY_CALLS[module.__name__].items():
            real = getattr(module, name, None)
            if real is not None and id(real) not in found:  # an alias: bisect.bisect
                found[id(real)] = _stand_in(module.__name__, name, effect, real)
    return found


class _Library:
    """Stands in for a module while one of its functions is called; one that somebody has patched stays patched."""

    __slots__ = ("_module",)

    def __init__(self, module: types.ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._module, name)
        return STAND_INS.get(id(real), real)


STAND_INS = _stand_ins()
_LIBRARIES = {id(module): _Library(module) for module in _MODULES}


def module(obj: types.ModuleType, name: str) -> Any:
    """Return what stands in for the module ``obj`` while its function ``name`` is called; ``obj`` itself, mostly."""
    known = _LIBRARIES.get(id(obj))
    return obj if known is None or name not in LIBRARY_CALLS[obj.__name__] else known
