"""Fingerprints of the globals of the project's modules: plain data only, bounded in size.

A fingerprint is taken in a child before and after its work; where it changed, the child writes a line for the parent.
Synchronised or shared objects, locks, files, modules and functions are left out: they are not copies of plain data.
"""

from __future__ import annotations

import array
import collections
import datetime
import decimal
import enum
import fractions
import hashlib
import random
import sys
import types
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from .sites import is_own

_ATOMS = (
    type(None), bool, int, float, complex, str, bytes, bytearray, decimal.Decimal, fractions.Fraction,
    datetime.date, datetime.time, datetime.timedelta, PurePath, range,
)  # fmt: skip
_NODES = 2000
_DEPTH = 5
_SHOWN = 60
UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class Print:
    """The fingerprint of one value: ``digest`` decides equality, ``shown`` is for people."""

    digest: str
    shown: str
    is_generator: bool = False


Fingerprints = dict[tuple[str, str], Print]


class _Walk:
    """Turns a value into text that is equal for equal plain data; unknown parts are left out by type."""

    def __init__(self, rootdir: str) -> None:
        self.left = _NODES
        self.rootdir = rootdir
        self.known = False

    def text(self, value: Any, depth: int = 0) -> str:
        self.left -= 1
        if self.left < 0 or depth > _DEPTH:
            return UNKNOWN
        kind = type(value)
        if isinstance(value, enum.Enum):
            self.known = True
            return str(value)
        if isinstance(value, _ATOMS) and kind.__module__ in _ATOM_MODULES:
            self.known = True
            return repr(value)
        if kind in (list, tuple, collections.deque):
            self.known = True
            return f"{kind.__name__}({','.join([self.text(item, depth + 1) for item in list(value)])})"
        if kind in (set, frozenset):
            self.known = True
            return f"{kind.__name__}({','.join(sorted(self.text(item, depth + 1) for item in list(value)))})"
        if kind in (dict, collections.OrderedDict, collections.defaultdict, collections.Counter):
            self.known = True
            pairs = [f"{self.text(key, depth + 1)}:{self.text(item, depth + 1)}" for key, item in list(value.items())]
            return f"{kind.__name__}({','.join(sorted(pairs))})"
        if kind is array.array:
            self.known = True
            return repr(value)
        if is_own_kind(kind, self.rootdir):
            fields = getattr(value, "__dict__", None)
            if isinstance(fields, dict):
                pairs = [f"{name}={self.text(item, depth + 1)}" for name, item in sorted(fields.items())]
                return f"{kind.__qualname__}({','.join(pairs)})"
        return f"<{kind.__qualname__}>"


_ATOM_MODULES = frozenset({kind.__module__ for kind in _ATOMS} | {"pathlib", "pathlib._local", "_pydecimal"})


def fingerprint(value: Any, rootdir: str) -> Print | None:
    """Return the fingerprint of ``value``, or None where it is no plain data."""
    if isinstance(value, random.Random):
        state = hashlib.sha1(repr(value.getstate()).encode()).hexdigest()
        return Print(state, f"state {state[:8]}", is_generator=True)
    walk = _Walk(rootdir)
    try:
        text = walk.text(value)
    except Exception:
        return None
    if not walk.known or walk.left < 0:
        return None
    return Print(hashlib.sha1(text.encode(errors="replace")).hexdigest(), short(value))


def short(value: object) -> str:
    """Return a short text of ``value``."""
    try:
        text = repr(value)
    except Exception:
        text = f"<{type(value).__qualname__}>"
    if text.startswith("<") and hasattr(value, "__dict__"):
        text = f"{type(value).__qualname__}({', '.join(f'{k}={v!r}' for k, v in vars(value).items())})"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


_SKIPPED = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType)


def own_modules(rootdir: str) -> list[types.ModuleType]:
    """Return the imported modules whose source lies under ``rootdir``."""
    return [
        module
        for module in list(sys.modules.values())
        if isinstance(module, types.ModuleType) and is_own(getattr(module, "__file__", None) or "", rootdir)
    ]


def take(rootdir: str) -> Fingerprints:
    """Return the fingerprints of the globals of own modules: ``name``, ``Class.name``, ``object.field``."""
    found: Fingerprints = {}
    for module in own_modules(rootdir):
        for name, value in list(vars(module).items()):
            if name.startswith("__") or name.startswith("@") or isinstance(value, _SKIPPED):
                continue
            if isinstance(value, type):
                if value.__module__ == module.__name__:
                    _take_class(found, module.__name__, value, rootdir)
                continue
            if is_own_kind(type(value), rootdir):
                _take_fields(found, module.__name__, name, value, rootdir)
                continue
            taken = fingerprint(value, rootdir)
            if taken is not None:
                found[module.__name__, name] = taken
    return found


def is_own_kind(kind: type, rootdir: str) -> bool:
    """Return whether the class ``kind`` is one of the project's own."""
    return is_own(getattr(sys.modules.get(kind.__module__), "__file__", None) or "", rootdir)


def _take_fields(found: Fingerprints, module: str, name: str, value: object, rootdir: str) -> None:
    """Take the fields of an object of own code one by one: it matters which of them changed. One that it has from its
    class counts, too: assigning to it gives the object one of its own.
    """
    fields = getattr(value, "__dict__", None)
    if isinstance(fields, dict):
        for field, part in [*_defaults(type(value), rootdir).items(), *list(fields.items())]:
            taken = fingerprint(part, rootdir)
            if taken is not None:
                found[module, f"{name}.{field}"] = taken


def _defaults(kind: type, rootdir: str) -> dict[str, Any]:
    """Return the plain attributes that instances of ``kind`` have from their classes of own code."""
    found: dict[str, Any] = {}
    for cls in reversed(kind.__mro__):
        if is_own_kind(cls, rootdir):
            found.update((name, value) for name, value in list(vars(cls).items()) if not _is_no_data(name, value))
    return found


def _is_no_data(name: str, value: object) -> bool:
    return name.startswith("__") or callable(value) or hasattr(type(value), "__get__")


def _take_class(found: Fingerprints, module: str, cls: type, rootdir: str) -> None:
    for name, value in list(vars(cls).items()):
        if _is_no_data(name, value):
            continue
        taken = fingerprint(value, rootdir)
        if taken is not None:
            found[module, f"{cls.__name__}.{name}"] = taken


def current(module: str, name: str, rootdir: str) -> Print | None:
    """Return the fingerprint of ``module.name`` as it is in this process now."""
    value: Any = sys.modules.get(module)
    for part in name.split("."):
        if value is None:
            return None
        inside = vars(value) if hasattr(value, "__dict__") else {}
        value = inside[part] if part in inside else _defaults(type(value), rootdir).get(part)
    return fingerprint(value, rootdir)
