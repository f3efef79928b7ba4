"""Hooks before accesses to attributes."""

from __future__ import annotations

import types
from _thread import get_ident
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ...instrument.sites import Site
from ...own_dict import dict_getter, own_dict
from ...state import STATE
from ..attributes import (
    ATTRIBUTE,
    DEFAULT,
    EXPOSED,
    INSTANCE,
    LOCAL,
    MODULE,
    OWN,
    SKIP,
    attribute_kind,
    module_dict,
    owner_of,
)
from ..containers import item_key
from ..control import mine, uncontrolled
from .access import look_for_own, read, read_default, write

DICT = "__dict__"
_module_of: Callable[[type], object] = type.__dict__["__module__"].__get__
_qualname_of: Callable[[type], str] = type.__dict__["__qualname__"].__get__


def _attribute_plan(cls: type, obj: Any, name: str) -> tuple[int, Callable[[Any], Any] | None]:
    """Return where attribute ``name`` of the instances of ``cls`` lives and, for plain ones, how to get their dict."""
    kind = attribute_kind(cls, obj, name)
    if name == DICT:
        expose(cls)
    elif kind == INSTANCE and _name_of(cls) in STATE.exposed:
        return EXPOSED, None
    return kind, dict_getter(cls) if kind == INSTANCE else None


def _name_of(cls: type) -> tuple[str, str]:
    """Return what is the same for a class that each run makes anew."""
    return str(_module_of(cls)), _qualname_of(cls)


def expose(cls: type) -> None:
    """The dictionary of an instance of ``cls`` is asked for, or given to it: from now on the attributes of all of them
    are items of their dictionaries, which the code under test may get at in both ways."""
    named = _name_of(cls)
    if named in STATE.exposed or issubclass(cls, (type, types.ModuleType)):
        return
    STATE.exposed.add(named)
    run = STATE.run
    if run.precise is not None:
        run.precise.doubt("the dictionary of an object was asked for in the middle of the exploration")
    for site in run.all_sites():
        site.cache.pop(cls, None)


def _item(own: dict[str, Any], name: str) -> tuple[Any, Any]:
    """Return the exact location of an item and that of its dictionary, as :mod:`.containers` has them."""
    return item_key(own, name), (id(own), "container")


def _read_exposed(obj: Any, own: dict[str, Any], site: Site) -> None:
    name = site.name
    key, loc = _item(own, name)
    owner = obj if name in own else owner_of(obj, name, INSTANCE)
    if owner is not None and owner is not obj:
        look_for_own(site, key, loc, obj)
        owner = owner_of(obj, name, INSTANCE)  # others may have given it one of its own meanwhile
    if owner is None:
        return
    if owner is obj:
        read(site, key, loc, OWN, (obj, own), name)
        return
    default = (id(owner), name)
    read(site, default, default, DEFAULT, (obj, owner), name, key)
    if site.is_source:
        read_default(site, default, key)


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
    if kind == EXPOSED:
        own = own_dict(obj)
        if own is not None:
            _read_exposed(obj, own, site)
            return
    owner = owner_of(obj, name, kind)
    own_key = (id(obj), name)
    if owner is not None and owner is not obj and kind != MODULE:
        look_for_own(site, own_key, own_key, obj)
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
        if name == DICT and STATE.run.live > 1 and STATE.run.precise is not None:
            STATE.run.precise.doubt("an object was given another dictionary")  # all of its attributes change
        return
    if kind == LOCAL:
        STATE.run.uses_thread_locals = True
        return
    own = own_dict(obj) if kind == EXPOSED else None
    if own is not None:
        key, loc = _item(own, name)
        write(site, key, loc, value, OWN, (obj, own), name)
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
