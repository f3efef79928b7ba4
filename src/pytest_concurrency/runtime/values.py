"""Showing and comparing values without running the program's own code."""

from __future__ import annotations

import datetime
import types
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from enum import EnumMeta
from typing import Any

from ..trace.outcome import Row

ATOMS = frozenset({int, float, complex, bool, str, bytes, type(None), datetime.date, datetime.timedelta})
"""Types whose values never change, and that may be kept."""
_LIMIT, _END = 40, 10
_CLASS_NAME: Callable[[type], str] = type.__dict__["__name__"].__get__


class _Missing:
    """No value: the location was empty."""

    def __repr__(self) -> str:
        return "nothing"


MISSING = _Missing()


def is_plain(value: Any, depth: int = 2) -> bool:
    """Say whether ``value`` is an atom, a member of an enumeration, or a tuple of such: it never changes, and telling
    it and comparing it need run no foreign code."""
    kind = type(value)
    if kind in ATOMS:
        return True
    if kind is tuple:
        return depth > 0 and len(value) <= 8 and all(is_plain(v, depth - 1) for v in value)
    if kind is Decimal:
        return not value.is_snan()
    return type(kind) is not type and _is_member(value)


def _is_member(value: Any) -> bool:
    return issubclass(type(type(value)), EnumMeta)


def _same(a: Any, b: Any) -> bool:
    """Say whether two plain values are equal; members of an enumeration are where they are the same."""
    if type(a) is tuple and type(b) is tuple:
        return len(a) == len(b) and all(map(_same, a, b))
    if a is b or _is_member(a) or _is_member(b):
        return a is b
    return bool(a == b)


class Reference:
    """What is remembered of an object without keeping it alive: its identity, and what it is called."""

    __slots__ = ("identity", "text")

    def __init__(self, value: object) -> None:
        self.identity = id(value)
        self.text = _called(value)


def remember(value: Any) -> Any:
    """Return ``value`` where it is plain, else a :class:`Reference`: remembering must not prolong a life."""
    return value if type(value) in ATOMS or value is MISSING or is_plain(value) else Reference(value)


def show(value: Any) -> str:
    """Return a short text for ``value``; never calls a ``__repr__`` of the program."""
    if value is MISSING:
        return ""
    if is_plain(value):
        text = _text(value)
    elif type(value) is Reference:
        text = value.text
    elif type(value) in (list, dict, set, frozenset, tuple, deque):
        text = _text_of_container(value)
    else:
        text = _called(value)
    if len(text) <= _LIMIT:
        return text
    return f"{text[: _LIMIT - _END - 3]}...{text[-_END:]}"  # what is added mostly comes at the end


def _text(value: Any) -> str:
    """Return the text of a plain value."""
    if type(value) is tuple:
        return f"({', '.join(map(_text, value))}{',' if len(value) == 1 else ''})"
    if not _is_member(value):
        return repr(value)
    name = value.__dict__.get("_name_")
    number = value.__dict__.get("_value_")
    kind = _CLASS_NAME(type(value))
    if name:
        return f"{kind}.{name}"
    return f"{kind}({number!r})" if type(number) in ATOMS else f"<{kind}>"


def _text_of_container(value: Any) -> str:
    kind = type(value)
    parts: Any = value.values() if kind is dict else ()
    if len(value) > 6 or not all(is_plain(v, 1) for v in (*value, *parts)):
        return f"<{kind.__name__} of {len(value)}>"
    if kind is dict:
        return f"{{{', '.join(f'{_text(k)}: {_text(v)}' for k, v in value.items())}}}"
    told = ", ".join(map(_text, value))
    if kind is list:
        return f"[{told}]"
    if kind is tuple:
        return _text(value)
    if kind is deque:
        return f"deque([{told}])" if value.maxlen is None else f"deque([{told}], maxlen={value.maxlen})"
    if not value:
        return f"{kind.__name__}()"
    return f"{{{told}}}" if kind is set else f"frozenset({{{told}}})"


def _called(value: Any) -> str:
    kind = type(value)
    if issubclass(kind, type):
        return f"<class {_CLASS_NAME(value)}>"
    if kind is types.FunctionType:
        return f"<function {value.__name__}>"
    return f"<{_CLASS_NAME(kind)}>"


def same_value(one: Row, other: Row) -> bool:
    """Say whether two rows, which may be of two runs, have one value: by the values where they are known and plain, for
    what is shown of them is cut, else by what is shown."""
    a, b = one.kept, other.kept
    if a is ... or b is ... or Reference in (type(a), type(b)):
        return one.value == other.value
    return not differs(a, b)


def differs(a: Any, b: Any) -> bool:
    """Say whether two remembered values surely differ: plain values by equality, all others by identity."""
    if a is b:
        return False
    if type(a) is Reference and type(b) is Reference:
        return bool(a.identity != b.identity)
    if is_plain(a) and is_plain(b):
        return not _same(a, b)
    return True
