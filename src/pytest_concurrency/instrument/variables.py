"""The variables of a code object: its parameters, and those that inner functions share with it."""

from __future__ import annotations

import dis
import inspect
import types
from collections import Counter

from . import raw

_CELL_STORES = frozenset((dis.opmap["STORE_DEREF"], dis.opmap["DELETE_DEREF"]))


def written_cells(code: types.CodeType) -> frozenset[str]:
    """Return the closure variables of ``code`` that are stored more than once, or by an inner function."""
    stores: Counter[str] = Counter()

    def scan(inner: types.CodeType, owned: frozenset[str]) -> None:
        if not owned.isdisjoint(inner.co_cellvars if inner is code else inner.co_freevars):
            slots = raw.slots_of(inner)
            for opcode, argument in raw.instructions(inner):
                if opcode in _CELL_STORES and slots[argument] in owned:
                    stores[slots[argument]] += 1 if inner is code else 2
        for const in inner.co_consts:
            if isinstance(const, types.CodeType):
                scan(const, owned)

    if code.co_cellvars:
        scan(code, frozenset(code.co_cellvars))
    arguments = arguments_of(code)
    return frozenset(name for name, count in stores.items() if count > 1 or name in arguments)


def arguments_of(code: types.CodeType) -> tuple[str, ...]:
    """Return the names of the parameters of ``code``, ``*args`` and ``**kwargs`` included."""
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return code.co_varnames[:count]
