"""Sentences of a report as wide as the terminal; rows, stacks and what a program wrote stay as they are."""

from __future__ import annotations

import re

from .explain import wrap

_SENTENCE = re.compile(r"CH\d{3} [a-z]|Cause: |Fix: ")


def fitted(text: str, width: int, message: str = "", code: str = "") -> str:
    """Return ``text`` with its headings, causes, fixes and the lines of ``message`` at most ``width`` wide.

    What is told of wasted parallelism (``code`` CH2xx, or a heading of it) has no other lines.
    """
    advice = (code or text).startswith("CH2")
    lines: list[str] = []
    for line in text.splitlines():
        prose = _SENTENCE.match(line) or (line[:1].strip() and (advice or line.rstrip(".:") in message))
        lines += wrap(line, width) if prose and line.strip() else [line]
    return "\n".join(lines)


def broken(line: str, width: int | None) -> list[str]:
    """Return a line of the summary as lines of ``width`` columns; whole where there is no terminal."""
    return [line] if width is None else wrap(line, width, widest=width)
