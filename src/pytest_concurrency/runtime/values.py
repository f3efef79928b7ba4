"""Showing and comparing values without running the program's own code."""

from __future__ import annotations

from typing import Any

_ATOMS = (int, float, complex, bool, str, bytes, type(None))
_LIMIT = 40


class _Missing:
    """No value: the location was empty."""

    def __repr__(self) -> str:
        return "nothing"


MISSING = _Missing()


def is_plain(value: Any, depth: int = 2) -> bool:
    """Say whether ``value`` is an atom, or a tuple of atoms: its repr and its comparison run no foreign code."""
    if type(value) in _ATOMS:
        return True
    return depth > 0 and type(value) is tuple and len(value) <= 8 and all(is_plain(v, depth - 1) for v in value)


class Reference:
    """What is remembered of an object without keeping it alive: its identity and the name of its type."""

    __slots__ = ("identity", "type_name")

    def __init__(self, value: object) -> None:
        self.identity = id(value)
        self.type_name = type(value).__name__


def remember(value: Any) -> Any:
    """Return ``value`` where it is plain, else a :class:`Reference`: remembering must not prolong a life."""
    return value if type(value) in _ATOMS or value is MISSING or is_plain(value) else Reference(value)


def show(value: Any) -> str:
    """Return a short text for ``value``; never calls a ``__repr__`` of the program."""
    if value is MISSING:
        return ""
    if is_plain(value):
        text = repr(value)
    elif type(value) is Reference:
        text = f"<{value.type_name}>"
    elif type(value) in (list, dict, set, frozenset, tuple):
        if (
            len(value) <= 6
            and all(is_plain(v, 1) for v in value)
            and (type(value) is not dict or all(is_plain(v, 1) for v in value.values()))
        ):
            text = repr(value)
        else:
            text = f"<{type(value).__name__} of {len(value)}>"
    else:
        name = type(value).__name__
        text = f"<{name}>"
    return text if len(text) <= _LIMIT else text[: _LIMIT - 3] + "..."


def differs(a: Any, b: Any) -> bool:
    """Say whether two remembered values surely differ: plain values by equality, all others by identity."""
    if a is b:
        return False
    if type(a) is Reference and type(b) is Reference:
        return bool(a.identity != b.identity)
    if is_plain(a) and is_plain(b):
        return bool(a != b)
    return True
