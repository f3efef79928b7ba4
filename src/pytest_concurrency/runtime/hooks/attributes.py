"""Hooks before accesses to attributes."""

from __future__ import annotations

from _thread import get_ident
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ...instrument.sites import Site
from ...own_dict import dict_getter
from ...state import STATE
from ..attributes import (
    ATTRIBUTE,
    DEFAULT,
    INSTANCE,
    LOCAL,
    MODULE,
    OWN,
    SKIP,
    attribute_kind,
    module_dict,
    owner_of,
)
from ..control import mine, uncontrolled
from .access import look_for_own, read, read_default, write


def _attribute_plan(cls: type, obj: Any, name: str) -> tuple[int, Callable[[Any], Any] | None]:
    """Return where attribute ``name`` of the instances of ``cls`` lives and, for plain ones, how to get their dict."""
    kind = attribute_kind(cls, obj, name)
    return kind, dict_getter(cls) if kind == INSTANCE else None


def read_attr(obj: Any, site: Site) -> None:
    if site.off or (get_ident() != STATE.ident and not mine()):
        return
    cls = type(obj)
    plan = site.cache.get(cls)
    name = site.name
    if plan is None:
        plan = site.cache[cls] = _attribute_plan(cls, obj, name)
    kind, getter = plan
    if getter is not None:
        own = getter(obj)
        if type(own) is dict and name in own:
            key = (id(obj), name)
            read(site, key, key, OWN, (obj, own), name)
            return
    if kind == SKIP:
        return
    if kind == LOCAL:
        STATE.run.uses_thread_locals = True
        return
    owner = owner_of(obj, name, kind)
    own_key = (id(obj), name)
    if owner is not None and owner is not obj and kind != MODULE:
        look_for_own(site, own_key, obj)
        owner = owner_of(obj, name, kind)  # others may have given it one of its own meanwhile
    if owner is None:
        return
    key = (id(owner), name)
    if owner is obj or kind == MODULE:
        read(site, key, key, ATTRIBUTE, owner, name)
        return
    read(site, key, key, DEFAULT, (obj, owner), name, own_key)
    if site.is_source:
        read_default(site, key, own_key)


def write_attr(value: Any, obj: Any, site: Site) -> None:
    if site.off or (get_ident() != STATE.ident and not mine()):
        return
    cls = type(obj)
    plan = site.cache.get(cls)
    name = site.name
    if plan is None:
        plan = site.cache[cls] = _attribute_plan(cls, obj, name)
    kind = plan[0]
    if kind == SKIP:
        return
    if kind == LOCAL:
        STATE.run.uses_thread_locals = True
        return
    owner = module_dict(obj) if kind == MODULE else obj
    key = (id(owner), name)
    write(site, key, key, value, ATTRIBUTE, owner, name)


def read_position(obj: Any, cls: Any, site: Site) -> None:
    """Announce the read of the attribute that a class pattern gives to its positional argument ``int(site.label)``."""
    if site.off or (get_ident() != STATE.ident and not mine()):
        return
    place = int(site.label)
    fits, names = False, ()
    with uncontrolled(), suppress(Exception):  # the class's metaclass may be the program's
        fits, names = isinstance(obj, cls), cls.__match_args__
    if fits and type(names) is tuple and place < len(names) and type(names[place]) is str:
        site.name = names[place]
        read_attr(obj, site)
