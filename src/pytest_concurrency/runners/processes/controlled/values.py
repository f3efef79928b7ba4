"""Values that were read or written, as text: short for the report, long for comparing two runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_SHORT = 40
_LONG = 20_000
_PLAIN = (int, float, complex, bool, type(None))


@dataclass(frozen=True, slots=True)
class Failed:
    """Stands for the value of an operation that raised ``error``."""

    error: str


def shown(value: Any) -> str:
    """Return a short text for ``value``; runs no code of the program."""
    if type(value) is str and not value:
        return ""
    if isinstance(value, Failed):
        return value.error
    text = " ".join(_text(value, _SHORT * 4).split())
    if not text.isprintable():  # a packed number, an escape sequence: no terminal is to act upon it
        text = repr(bytes(value[:_SHORT])) if isinstance(value, (bytes, bytearray, memoryview)) else repr(text)
    return text if len(text) <= _SHORT else text[: _SHORT - 3] + "..."


def full(value: Any) -> str:
    """Return ``value`` as text by which two runs can be compared."""
    return _text(value, _LONG)


def _text(value: Any, limit: int, depth: int = 4) -> str:
    if isinstance(value, (bytes, bytearray, memoryview)):
        data = bytes(value[:limit])
        try:
            return data.decode("utf-8") or "nothing"
        except UnicodeDecodeError:
            return repr(data)
    if type(value) is str or type(value) in _PLAIN:
        return repr(value) if type(value) is not str else repr(value[:limit])
    if depth and type(value) in (list, tuple, set, frozenset):
        inside = ", ".join(_text(part, limit, depth - 1) for part in list(value)[: limit // 2])
        return f"[{inside}]" if type(value) is list else f"({inside})"
    if depth and type(value) is dict:
        pairs = list(value.items())[: limit // 4]
        return "{" + ", ".join(f"{_text(k, limit, 0)}: {_text(v, limit, depth - 1)}" for k, v in pairs) + "}"
    return f"<{type(value).__name__}>"


def only_volatile_parts_differ(one: str, again: str, other: str) -> bool:
    """Say whether ``other`` differs from ``one`` only where ``again``, made in the very same way, does too.

    Process ids, times and random numbers are different in each run; what depends on a value that was read is not.
    """
    import re

    parts = [re.findall(r"[A-Za-z]+|\d+(?:\.\d+)?|\s+|.", text) for text in (one, again, other)]
    if not len(parts[0]) == len(parts[1]) == len(parts[2]):
        return False
    return all(a == c or a != b for a, b, c in zip(*parts, strict=True))
