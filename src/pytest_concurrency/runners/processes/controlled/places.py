"""Places in the code under test, as a worker announces them."""

from __future__ import annotations

import linecache
import os
import types
from dataclasses import dataclass, field, replace
from typing import Any

from ....state import STATE
from ....watch.sites import own_frame

ACCESS, LOCK, CALL = "attr", "method", "call"
"""Kinds of places, by the names that the engine uses: an access to data, a lock, another synchronising call."""
_TEXT = 60


@dataclass(frozen=True, slots=True)
class Place:
    """A place where an operation on something shared is made; ``key`` names it from run to run.

    ``origin`` is what all the rest follows from. ``number`` is above 0 where the conductor knows the place.
    """

    key: str
    path: str
    line: int
    kind: str
    action: str
    name: str
    origin: Origin = field(default=("", "", 0, b"", 0, "", "", ""), compare=False)
    number: int = field(default=0, compare=False)

    @property
    def function(self) -> str:
        """The qualified name of the function that the place is in."""
        return self.origin[1]

    @property
    def shown(self) -> str:
        """What a row of the report is about: for a call what is called, ``q`` of ``q.get()``."""
        return self.name.partition(f".{self.action}(")[0] if self.kind == CALL else self.name


Origin = tuple[str, str, int, bytes, int, str, str, str]
"""Where the code is (path, qualified name, first line, table of positions), the instruction, and what is done there:
kind, action, what it is about."""
Told = int | tuple[Any, ...] | None
"""A place as it travels: by its number, or with all that is known of it."""

_LIMIT = 4096


def tell(place: Place | None) -> Told:
    """Return ``place`` as a worker tells the conductor of it."""
    if place is None:
        return None
    return place.number or (place.key, place.path, place.line, place.kind, place.action, place.name, place.origin)


def told(what: Told) -> Place | None:
    """Return the place that a worker has told of, None for none."""
    return None if what is None else told_place(what)


def told_place(what: int | tuple[Any, ...]) -> Place:
    """Return the place that a worker has told of."""
    place: Place | None
    if isinstance(what, int):
        place = STATE.told.numbered[what - 1]
        return place
    origin = what[-1]
    place = STATE.told.known.get(origin)
    if place is None or not place.number:
        if len(STATE.told.numbered) >= _LIMIT:
            return Place(*what)
        place = STATE.told.known[origin] = replace(Place(*what), number=len(STATE.told.numbered) + 1)
        STATE.told.numbered.append(place)
    return place


def forget() -> None:
    """Forget all places: no worker is left that could tell of one by its number."""
    STATE.told.clear()


def _make(code: types.CodeType, instruction: int, line: int, kind: str, action: str, name: str) -> Place:
    origin = (code.co_filename, code.co_qualname, code.co_firstlineno, code.co_linetable, instruction, kind, action,
              name)  # fmt: skip
    place = STATE.told.known.get(origin)
    if place is None:
        place = _made(code, line, name, origin)
        if len(STATE.told.known) < 2 * _LIMIT:
            STATE.told.known[origin] = place
    return place


def _made(code: types.CodeType, line: int, name: str, origin: Origin) -> Place:
    instruction, kind, action = origin[4:7]
    positions = list(code.co_positions())
    column, end_column, end_line = 0, None, line
    if instruction < len(positions):
        line_, end_line_, column_, end_column = positions[instruction]
        line, end_line, column = line_ or line, end_line_ or line, column_ or 0
    base = os.path.basename(code.co_filename)
    key = f"{base}:{code.co_qualname}:{line - code.co_firstlineno}:{column}:{action}"
    if not name:
        name = _source(code.co_filename, line, end_line, column, end_column)
    return Place(key, code.co_filename, line, kind, action, name, origin)


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
