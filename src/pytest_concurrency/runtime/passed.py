"""A value that one function read and returned, and that its caller gave to another function, which wrote it.

``cart.total += 1`` of a property, ``store.save(store.load() + 1)``, ``table[key] += 1`` of a class with
``__getitem__`` and ``__setitem__``: the read and the write stand in different functions, and what links them in the
one that calls both. That the first returns what it read and that the second writes what it is given is known from
:mod:`..instrument.dataflow`; which calls they were is noted here, when they are made; and whether the caller hands the
value on, on every path, is asked only when another worker has written in between.
"""

from __future__ import annotations

import sys
import types
from bisect import bisect_right
from typing import Any, TypeAlias

from ..instrument.deferred import outer
from ..instrument.sites import Site
from ..source import PACKAGE

Call: TypeAlias = tuple[int, types.CodeType, int]
"""The identity of a calling frame, its code, and where it was in it (``f_lasti``, bytes)."""
_STORES = {"STORE_ATTR": 2, "STORE_SUBSCR": 3}
"""How deep on the stack the value lies that is stored."""
_MAX_CODE = 4_000
"""Bytes of a function in which calls are told apart; longer ones are not looked into."""


def _function() -> types.FrameType | None:
    """Return the frame of the function whose hook this is called from."""
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    return frame


def call_of() -> Call | None:
    """Return the call that led into the function whose hook this is called from."""
    frame = _function()
    caller = outer(frame) if frame is not None else None
    return None if caller is None else (id(caller), caller.f_code, caller.f_lasti)


def links(site: Site, read: Call | None) -> bool:
    """Say whether the write at ``site``, about to be done, was given a value computed from what ``read`` returned."""
    frame = _function()
    caller = outer(frame) if frame is not None else None
    if read is None or frame is None or caller is None or read[0] != id(caller) or read[1] is not caller.f_code:
        return False
    known: Any = site.cache
    key = (read[1], read[2], caller.f_lasti)
    if key not in known:
        known[key] = _links(site, frame.f_code, *key)
    return bool(known[key])


def _links(site: Site, setter: types.CodeType, code: types.CodeType, made: int, used: int) -> bool:
    import dis

    from bytecode import Bytecode, Instr

    from ..instrument.dataflow import passes_on

    if len(code.co_code) > _MAX_CODE:
        return False
    plain = [i for i in dis.get_instructions(code) if i.opname not in ("EXTENDED_ARG", "CACHE")]
    entries = list(Bytecode.from_code(code))
    places = [index for index, entry in enumerate(entries) if isinstance(entry, Instr)]
    if [i.opname for i in plain] != [entries[index].name for index in places]:  # type: ignore[union-attr]
        return False
    offsets = [i.offset for i in plain]  # an instruction that is being carried out may stand at its caches
    first, second = (bisect_right(offsets, place) - 1 for place in (made, used))
    last = plain[second]
    depths = [_STORES[last.opname]] if last.opname in _STORES else []
    if last.opname == "CALL" and plain[second - 1].opname != "KW_NAMES" and plain[second - 2].opname != "KW_NAMES":
        depths = _depths(site.given, setter, int(last.arg or 0))
    return any(passes_on(entries, places[first], places[second], depth) for depth in depths)


def _depths(given: tuple[str, ...], setter: types.CodeType, count: int) -> list[int]:
    """Return where the arguments for the parameters ``given`` lie on the stack of a call with ``count`` of them."""
    names = setter.co_varnames[: setter.co_argcount]
    bound = 1 if len(names) == count + 1 and names[:1] in (("self",), ("cls",)) else 0
    if len(names) != count + bound:
        return []
    positions = [names.index(name) - bound for name in given if name in names]
    return [count - position for position in positions if position >= 0]
