"""Hooks before accesses to globals and to the cells of closures."""

from __future__ import annotations

import sys
from _thread import get_ident
from typing import Any

from ...instrument.sites import Site
from ...state import STATE
from ..control import mine
from ..location import View
from ..values import MISSING
from .access import read, write

_GLOBALS = View(lambda names, name: names.get(name, MISSING), lambda names, name: str(name))


def read_global(site: Site) -> None:
    if site.off or (get_ident() != STATE.ident and not mine()):
        return
    names = site.cache.get(dict)
    if names is None:
        names = site.cache[dict] = sys._getframe(1).f_globals
    name = site.name
    key = (id(names), name)
    read(site, key, key, _GLOBALS, names, name)


def write_global(value: Any, site: Site) -> None:
    if site.off or (get_ident() != STATE.ident and not mine()):
        return
    names = site.cache.get(dict)
    if names is None:
        names = site.cache[dict] = sys._getframe(1).f_globals
    name = site.name
    key = (id(names), name)
    write(site, key, key, value, _GLOBALS, names, name)


def _cell_value(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING


_CELL = View(lambda cell, name: _cell_value(cell), lambda cell, name: str(name))


def read_cell(cell: Any, site: Site) -> None:
    if site.off or (get_ident() != STATE.ident and not mine()):
        return
    key = (id(cell), "")
    read(site, key, key, _CELL, cell, site.name)


def write_cell(value: Any, cell: Any, site: Site) -> None:
    if site.off or (get_ident() != STATE.ident and not mine()):
        return
    key = (id(cell), "")
    write(site, key, key, value, _CELL, cell, site.name)
