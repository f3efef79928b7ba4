"""Places in the code under test, as a worker announces them."""

from __future__ import annotations

import linecache
import os
import types
from dataclasses import dataclass
from functools import lru_cache

from ....watch.sites import own_frame

ACCESS, LOCK, CALL = "attr", "method", "call"
"""Kinds of places, by the names that the engine uses: an access to data, a lock, another synchronising call."""
_TEXT = 60


@dataclass(frozen=True, slots=True)
class Place:
    """A place where an operation on something shared is made; ``key`` names it from run to run."""

    key: str
    path: str
    line: int
    kind: str
    action: str
    name: str


@lru_cache(maxsize=4096)
def _positions(code: types.CodeType) -> list[tuple[int | None, int | None, int | None, int | None]]:
    return list(code.co_positions())


@lru_cache(maxsize=4096)
def _make(code: types.CodeType, index: int, line: int, kind: str, action: str, name: str) -> Place:
    positions = _positions(code)
    column, end_column, end_line = 0, None, line
    if index < len(positions):
        line_, end_line_, column_, end_column = positions[index]
        line, end_line, column = line_ or line, end_line_ or line, column_ or 0
    base = os.path.basename(code.co_filename)
    key = f"{base}:{code.co_qualname}:{line - code.co_firstlineno}:{column}:{action}"
    if not name:
        name = _source(code.co_filename, line, end_line, column, end_column)
    return Place(key, code.co_filename, line, kind, action, name)


def _source(path: str, line: int, end_line: int | None, column: int, end_column: int | None) -> str:
    if end_line != line or end_column is None:
        return ""
    raw = linecache.getline(path, line).encode()  # columns count bytes
    text = raw[column:end_column].decode(errors="replace")
    return text if len(text) <= _TEXT else text[: _TEXT - 3] + "..."


def place_of(frame: types.FrameType | None, rootdir: str, kind: str, action: str, name: str = "") -> Place | None:
    """Return the innermost place of the project's code at or above ``frame``; None where there is none.

    ``name`` is what the operation is about; left out, it is the text of the expression.
    """
    own = own_frame(frame, rootdir)
    if own is None:
        return None
    return _make(own.f_code, own.f_lasti // 2, own.f_lineno, kind, action, name)
