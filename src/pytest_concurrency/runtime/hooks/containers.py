"""Hooks before accesses to an item of a container, and to a container as a whole."""

from __future__ import annotations

import gc
from _thread import get_ident
from typing import Any

from ...instrument.sites import Site
from ...state import STATE
from ..containers import ITEM, VIEWS, WHOLE, container_kind, item_key, memory
from ..control import mine
from ..values import MISSING
from .access import read, unknown, write


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
        unknown(obj, site)
        return
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


def delete_item(container: Any, index: Any, site: Site) -> None:
    """Announce a deletion as a write of the whole container; it is told which item of a mapping it deletes."""
    if site.off or (get_ident() != STATE.ident and not mine()):
        return
    if container_kind(type(container)) != 1:
        write_whole(container, site)
        return
    key = (id(container), "container")
    write(site, key, key, MISSING, ITEM, container, index)
