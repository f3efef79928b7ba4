"""The hook before a call of a container's method."""

from __future__ import annotations

import types
from _thread import get_ident
from collections.abc import Callable
from typing import Any

from ...instrument.sites import READ, Site
from ...instrument.vocabulary import CONTAINER_METHODS, READ_ITEM
from ...state import STATE
from ..containers import CALL, ITEM, item_key, whole_target
from ..control import mine
from ..values import MISSING
from .access import asks_key, read, write
from .containers import look_over


class _ContainerCall:
    """Stands in for a container while one of its methods is called: announces the call, then makes it."""

    __slots__ = ("_container", "_site")

    def __init__(self, container: Any, site: Site) -> None:
        self._container = container
        self._site = site

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)


def _announced_method(name: str, effect: str) -> Callable[..., Any]:
    by_item = effect == READ_ITEM

    def method(self: _ContainerCall, /, *args: Any, **kwargs: Any) -> Any:
        container, site = self._container, self._site
        if get_ident() != STATE.ident and not mine():  # working out the arguments may have cost the baton
            return getattr(container, name)(*args, **kwargs)
        loc = (id(container), "container")
        if by_item and args and isinstance(container, dict):
            key = item_key(container, args[0])
            read(site, key, loc, ITEM, container, args[0])
            return getattr(container, name)(*args, **kwargs)
        for arg in args:
            look_over(arg, site)
        call = f"{whole_target(container)}.{name}"
        if site.action == READ:
            read(site, loc, loc, CALL, container, call)
            return getattr(container, name)(*args, **kwargs)
        write(site, loc, loc, args[0] if args else MISSING, CALL, container, call)
        if kwargs:
            asks_key(call, kwargs)
        return getattr(container, name)(*args, **kwargs)

    method.__name__ = name
    return method


for _name, _effect in CONTAINER_METHODS.items():
    setattr(_ContainerCall, _name, _announced_method(_name, _effect))


def container_call(obj: Any, site: Site) -> Any:
    """Return the stand-in for a container in a method call, or ``obj`` where the method is written in Python."""
    if site.off:
        return obj
    known = site.cache.get(type(obj))
    if known is None:
        method = getattr(type(obj), site.name, None)
        known = site.cache[type(obj)] = isinstance(method, (types.MethodDescriptorType, types.WrapperDescriptorType))
    return _ContainerCall(obj, site) if known else obj
