"""Hooks before accesses to an item of a container, and to a container as a whole."""

from __future__ import annotations

import gc
import types
from _thread import get_ident
from typing import Any

from ...instrument.sites import WRITE, Site
from ...instrument.vocabulary import BOUND_IN_C, CONTAINER_OPERATIONS, READ_ALL, READ_ITEM
from ...own_dict import class_dict, mro
from ...state import STATE
from ..containers import CALL, ITEM, VIEWS, WHOLE, container_kind, item_key, memory, whole_target
from ..control import mine
from ..iterators import containers_behind
from ..values import ATOMS, MISSING
from .access import read, unknown, write

_OF_CLASSES = frozenset({types.MethodDescriptorType, types.WrapperDescriptorType})


def read_item(container: Any, index: Any, site: Site) -> None:
    if site.off or (get_ident() != STATE.ident and not mine()):
        return
    cls = type(container)
    kind = site.cache.get(cls)
    if kind is None:
        kind = site.cache[cls] = container_kind(cls)
    if not kind:
        unknown(container, site)
        return
    if kind == 1 and cls is not dict and STATE.run.precise is not None and hasattr(cls, "__missing__"):
        STATE.run.precise.met(STATE.worker, container)  # reading may add an item
    key = item_key(container, index)
    loc = key if cls is memoryview else (id(container), "container")
    read(site, key, loc, ITEM, container, index)


def write_item(value: Any, container: Any, index: Any, site: Site) -> None:
    if site.off or (get_ident() != STATE.ident and not mine()):
        return
    cls = type(container)
    kind = site.cache.get(cls)
    if kind is None:
        kind = site.cache[cls] = container_kind(cls)
    if not kind:
        unknown(container, site)
        return
    key = item_key(container, index)
    loc = key if cls is memoryview else (id(container), "container")
    write(site, key, loc, value, ITEM, container, index)


def container_of(obj: Any, site: Site) -> Any:
    """Return the container that ``obj`` is or is a view of; None where it is neither."""
    cls = type(obj)
    kind = site.cache.get(cls)
    if kind is None:
        kind = site.cache[cls] = 9 if cls in VIEWS else container_kind(cls)
    if kind == 9:  # a view refers to nothing but its dictionary
        referents = gc.get_referents(obj)
        return referents[0] if referents and container_kind(type(referents[0])) else None
    return None if not kind else memory(obj) if cls is memoryview else obj


def read_whole(obj: Any, site: Site) -> None:
    if site.off or (get_ident() != STATE.ident and not mine()):
        return
    container = container_of(obj, site)
    if container is None:
        behind = containers_behind(obj, container_kind) if hasattr(type(obj), "__next__") else ()
        for container in behind:
            _read(container, site)
        if not behind:
            unknown(obj, site)
        return
    _read(container, site)


def _read(container: Any, site: Site) -> None:
    key = (id(container), "container")
    read(site, key, key, WHOLE, container, None)


def write_whole(obj: Any, site: Site) -> None:
    if site.off or (get_ident() != STATE.ident and not mine()):
        return
    container = container_of(obj, site)
    if container is None:
        if STATE.run.precise is not None:
            STATE.run.precise.met(STATE.worker, obj)
        return
    key = (id(container), "container")
    write(site, key, key, MISSING, WHOLE, container, None)


def called(function: Any, site: Site) -> None:
    """Announce the call of a container's method that was loaded before: ``add = items.append; add(1)``."""
    if type(function) not in BOUND_IN_C or site.off or (get_ident() != STATE.ident and not mine()):
        return
    name, container = function.__name__, function.__self__
    effect = CONTAINER_OPERATIONS.get(name)
    if effect is None or not container_kind(type(container)):
        return
    _announce_method(container, name, effect, site)


def _announce_method(container: Any, name: str, effect: str, site: Site) -> None:
    key, call = (id(container), "container"), f"{whole_target(container)}.{name}"
    if effect in (READ_ITEM, READ_ALL):
        read(site, key, key, CALL, container, call)
    else:
        write(site, key, key, MISSING, CALL, container, call)


def operate(left: Any, right: Any, site: Site) -> None:
    """Announce what an operator does to containers: it reads both, and changes the left one in place where it can."""
    if (type(left) in ATOMS and type(right) in ATOMS) or site.off or (get_ident() != STATE.ident and not mine()):
        return
    if site.action == WRITE and container_of(left, site) is left is not None:
        key = (id(left), "container")
        write(site, key, key, MISSING, WHOLE, left, None)
    else:
        look_over(left, site)
    look_over(right, site)


def look_over(obj: Any, site: Site) -> None:
    """Announce that code in C goes through ``obj``, if it is a container."""
    if type(obj) in ATOMS or site.off or (get_ident() != STATE.ident and not mine()):
        return
    container = container_of(obj, site)
    if container is not None:
        _read(container, site)


def by_super(cls: Any, obj: Any, site: Site) -> None:
    """Announce the call of a container's own method by a subclass: ``super().append(1)``."""
    if site.off or (get_ident() != STATE.ident and not mine()) or not container_kind(type(obj)):
        return
    bases = mro(type(obj)) or ()
    found = next(
        (class_dict(base)[site.name] for base in bases[bases.index(cls) + 1 :] if site.name in class_dict(base)), None
    )
    if type(found) in _OF_CLASSES:
        _announce_method(obj, site.name, CONTAINER_OPERATIONS[site.name], site)


def delete_item(container: Any, index: Any, site: Site) -> None:
    """Announce a deletion as a write of the whole container; it is told which item of a mapping it deletes."""
    if site.off or (get_ident() != STATE.ident and not mine()):
        return
    if container_kind(type(container)) != 1:
        write_whole(container, site)
        return
    key = (id(container), "container")
    write(site, key, key, MISSING, ITEM, container, index)
