"""Builtins that look at shared state: ``len(x)``, ``list(x)``, ``getattr(x, name)`` and their like."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

from ..instrument.sites import ATTR, READ, WHOLE, WRITE, Site
from ..instrument.vocabulary import BUILTIN_READERS
from ..runtime import hooks
from ..runtime.state import STATE


def _site(name: str, kind: str, action: str, target: str) -> Site:
    return Site(kind, action, target, f"builtins:{name}:{target}", "", 0, name, 0, muted=False)


def _placed(site: Site) -> Site:
    """Return ``site`` with the place of the caller two frames up, for the report."""
    import sys

    if STATE.run is not None and STATE.run.rows is not None:
        frame = sys._getframe(2)
        site.path, site.line = frame.f_code.co_filename, frame.f_lineno
    return site


def _reader(name: str) -> Callable[..., Any]:
    real = getattr(builtins, name)
    site = _site(name, WHOLE, READ, name)

    def controlled(*args: Any, **kwargs: Any) -> Any:
        for arg in args:
            hooks.read_whole(arg, _placed(site))
        return real(*args, **kwargs)

    controlled.__name__ = name
    return controlled


_attribute_sites: dict[tuple[str, str], Site] = {}


def _attribute_site(action: str, name: str) -> Site:
    known = _attribute_sites.get((action, name))
    if known is None:
        known = _attribute_sites[action, name] = _site("attr", ATTR, action, name)
    return known


def _getattr(obj: Any, name: str, *default: Any) -> Any:
    if type(name) is str:
        hooks.read_attr(obj, _placed(_attribute_site(READ, name)))
    return getattr(obj, name, *default)


def _hasattr(obj: Any, name: str) -> bool:
    if type(name) is str:
        hooks.read_attr(obj, _placed(_attribute_site(READ, name)))
    return hasattr(obj, name)


def _setattr(obj: Any, name: str, value: Any) -> None:
    if type(name) is str:
        hooks.write_attr(value, obj, _placed(_attribute_site(WRITE, name)))
    setattr(obj, name, value)


CONTROLLED: dict[str, Callable[..., Any]] = {
    **{name: _reader(name) for name in sorted(BUILTIN_READERS)},
    "getattr": _getattr,
    "hasattr": _hasattr,
    "setattr": _setattr,
}
