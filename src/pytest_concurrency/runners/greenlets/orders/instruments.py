"""What instrumented code calls in an explored run of greenlets: the accesses, nothing that synchronises."""

from __future__ import annotations

import builtins
import types
from typing import Any

from ....instrument.activation import Instrumenter
from ....instrument.cache import Cache
from ....instrument.scope import Area, Chooser
from ....instrument.sites import Site
from ....primitives import builtin_calls, library_calls
from ....runtime.containers import container_kind
from ....runtime.control import identity
from ....runtime.hooks.container_calls import container_call
from ....runtime.hooks.table import hooks
from ....state import STATE
from ..held import WatchedLock, is_lock

_STAND_INS = {
    **{id(getattr(builtins, name)): stand_in for name, stand_in in builtin_calls.CONTROLLED.items()},
    **library_calls.STAND_INS,
}


def _running() -> bool:
    return bool(identity() == STATE.ident)


def _method(obj: Any, site: Site) -> Any:
    if not _running():
        return obj
    if is_lock(obj) and STATE.run.rows is not None:
        return WatchedLock(obj, site)
    if type(obj) is types.ModuleType:
        return library_calls.module(obj, site.name)
    return container_call(obj, site) if container_kind(type(obj)) else obj


def _enter(obj: Any, site: Site) -> Any:
    return WatchedLock(obj, site) if is_lock(obj) and _running() and STATE.run.rows is not None else obj


def _call(obj: Any, site: Site) -> None:
    pass


def _substitute(obj: Any, site: Site | None) -> Any:
    stand_in = _STAND_INS.get(id(obj))
    return obj if stand_in is None or not _running() else stand_in


_HOOKS = hooks(_method, _enter, _call, _substitute)


def instrumenter(cache: Cache) -> Instrumenter:
    """Return an instrumenter of accesses; rewritten code is kept in ``cache``."""
    return Instrumenter(_HOOKS, (), builtin_calls.CONTROLLED, cache, library=library_calls.STAND_INS)


def chooser(root: str, include: tuple[str, ...], excluded: frozenset[str]) -> Chooser:
    """Return what says which functions belong to the code under test. The library's locks are left alone: gevent's are
    controlled through the hub."""
    return Chooser(Area(root, include, excluded), library=False)
