"""Builtins that look at shared state: ``len(x)``, ``list(x)``, ``getattr(x, name)`` and their like."""

from __future__ import annotations

import builtins
import sys
from _thread import get_ident
from collections.abc import Callable
from typing import Any

from ..instrument.sites import ATTR, READ, WHOLE, WRITE, Site
from ..instrument.vocabulary import BUILTIN_READERS
from ..runtime.control import mine
from ..runtime.hooks.access import asks_key
from ..runtime.hooks.attributes import expose, read_attr, write_attr
from ..runtime.hooks.containers import read_whole
from ..runtime.values import ATOMS
from ..state import STATE


def place_site(kind: str, action: str, target: str, what: str = "builtin") -> Site:
    """Return the site of the function, a builtin or ``what`` is said, that is being called two frames up: one for each
    place and target."""
    frame = sys._getframe(2)
    code = frame.f_code
    place = (id(code), frame.f_lasti, action, target)
    site = STATE.places.get(place)
    if site is not None:
        return site

    def make(ordinal: int) -> Site:
        key = f"{frame.f_globals.get('__name__')}:{code.co_qualname}:{action} {what} {target}#{ordinal}"
        return Site(kind, action, target, key, code.co_filename, frame.f_lineno, code.co_qualname, 0, muted=False)

    return STATE.places.add(place, code, make)


def is_controlled() -> bool:
    """Say whether the calling thread is a worker that runs now; nothing is looked up for anybody else."""
    return get_ident() == STATE.ident or mine()


def _reader(name: str) -> Callable[..., Any]:
    real = getattr(builtins, name)

    def controlled(*args: Any, **kwargs: Any) -> Any:
        looked_into = [arg for arg in args if type(arg) not in ATOMS]
        if (looked_into or kwargs) and is_controlled():
            site = place_site(WHOLE, READ, name)
            for arg in looked_into:
                read_whole(arg, site)
            if kwargs:
                asks_key(name, kwargs)
        return real(*args, **kwargs)

    controlled.__name__ = name
    return controlled


def _getattr(obj: Any, name: str, *default: Any) -> Any:
    if type(name) is str and is_controlled():
        read_attr(obj, place_site(ATTR, READ, name))
    return getattr(obj, name, *default)


def _hasattr(obj: Any, name: str) -> bool:
    if type(name) is str and is_controlled():
        read_attr(obj, place_site(ATTR, READ, name))
    return hasattr(obj, name)


def _setattr(obj: Any, name: str, value: Any) -> None:
    if type(name) is str and is_controlled():
        write_attr(value, obj, place_site(ATTR, WRITE, name))
    setattr(obj, name, value)


def _vars(*args: Any) -> Any:
    if not args:
        names = sys._getframe(1).f_locals
        return names if type(names) is dict else dict(names)
    if len(args) == 1 and is_controlled():
        expose(type(args[0]))
    return vars(*args)


CONTROLLED: dict[str, Callable[..., Any]] = {
    **{name: _reader(name) for name in sorted(BUILTIN_READERS)},
    "getattr": _getattr,
    "hasattr": _hasattr,
    "setattr": _setattr,
    "vars": _vars,
}
