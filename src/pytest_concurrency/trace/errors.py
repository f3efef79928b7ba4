"""Exceptions as one line of a report has room for them."""

from __future__ import annotations

LONGEST = 300
"""Characters of a message."""


def in_a_line(error: BaseException) -> str:
    """Return the type of ``error`` and the first line of its message, if it can tell one."""
    kind = type(error).__name__
    try:
        text = str(error)
    except Exception as failed:
        text = f"its message cannot be had ({type(failed).__name__})"
    return told(kind, text)


def told(kind: str, text: str) -> str:
    """Return the first line of ``text``, the message of an exception of this ``kind``, after its kind."""
    lines = text.strip().splitlines()
    if not lines:
        return kind
    first = lines[0] if len(lines[0]) <= LONGEST else f"{lines[0][: LONGEST - 3]}..."
    return f"{kind}: {first}"
