"""Drawing an interleaving as lanes: one column a worker, time downwards, the source of each row beside it."""

from __future__ import annotations

import linecache
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..files import short
from ..trace.outcome import Row
from ..trace.workers import in_order
from .instances import told_apart
from .places import named, phrase
from .width import ELSEWHERE

LANE, NARROW_LANE = 36, 14
"""Columns of a lane, at most and at least."""
SOURCE, NARROW_SOURCE, WIDE_SOURCE = 32, 26, 48
"""Columns that the source should have, has at least, and that are enough for it and the name of its file."""
GUTTER, DECIDES = "  ", "> "
"""How a row begins, and how one whose order decides does."""
WAIT = "wait for"
_NUMBER = re.compile(r" #\d+$")


def lanes(
    rows: Sequence[Row], root: Path, decides: Sequence[Row] = (), columns: int = ELSEWHERE, noun: str = "worker"
) -> list[str]:
    """Draw ``rows`` as one column a worker, time downwards, with the source line of each.

    Rows of ``decides`` are marked in the margin, where it costs no source; ``noun`` is what a worker is called. Nothing
    is wider than ``columns``, unless there are too many workers for that.
    """
    marked = [row in decides for row in rows]
    rows = told_apart(rows)
    workers = sorted({row.worker for row in rows}, key=in_order)
    names = _names(rows)
    needed = max((len(_source(row, names)) for row in rows), default=0)
    longest = min(LANE, max([len(f"{noun} 00")] + [len(_verb(row)) for row in rows]))
    fair = max(NARROW_LANE, (columns - len(GUTTER) - min(needed, SOURCE)) // max(1, len(workers)) - 2)
    width = min(longest, fair) + 2
    begin = len(GUTTER) + width * len(workers)
    room = max(columns - begin, NARROW_SOURCE)
    head = "source"
    if needed > room and room < WIDE_SOURCE and len(names) == 1:  # the name of the only file would cost some of it
        ((path, name),) = names.items()
        head, names = f"source in {_cut_front(name, room - len('source in '))}", {path: ""}
    header = "".join(named(worker, noun).ljust(width) for worker in workers) + head
    drawn = [GUTTER + header, GUTTER + "".join(("-" * (width - 2)).ljust(width) for _ in workers) + "------"]
    last: str | None = None
    for row, cell, mark in zip(rows, _cells(rows, width - 2), marked, strict=True):
        if last is not None and row.worker != last:
            drawn.append(
                GUTTER + "".join((". switch" if w == row.worker else ".").ljust(width) for w in workers).rstrip()
            )
        last = row.worker
        lane = "".join((cell if w == row.worker else "|").ljust(width) for w in workers)
        place = _cut_front(_place(row, names), room)
        source = _source(row, names)[len(_place(row, names)) :]
        told = _cut(place + source, room) if room - len(place) > len("  ..") else place
        drawn.append(f"{DECIDES if mark else GUTTER}{lane}{told}".rstrip())
    if any(marked):
        drawn.append(f"{GUTTER}({DECIDES}the order of these rows decides)")
    return drawn


def _names(rows: Sequence[Row]) -> dict[str, str]:
    """Return what each file of ``rows`` is called in the column of the source."""
    paths = {row.path for row in rows if row.line}
    return {path: short(path, paths) for path in paths}


def _place(row: Row, names: Mapping[str, str]) -> str:
    return f"{names[row.path]}:{row.line}" if row.line else ""


def _source(row: Row, names: Mapping[str, str]) -> str:
    """Return the place of ``row`` and its source line."""
    return f"{_place(row, names)}  {linecache.getline(row.path, row.line).strip()}".rstrip()


def _cells(rows: Sequence[Row], width: int) -> list[str]:
    """Return each of ``rows`` in at most ``width`` columns: what was done and seen is wanted more than whose attribute
    it was, and which lock more than who holds it. Rows that are alike are shortened alike."""
    long = {row.target for row in rows if len(_verb(row)) > width}
    waits = [row for row in rows if row.action == WAIT]
    for shorter in (_as_it_is, _by_number, _without_holder):
        if all(len(_verb(shorter(row))) <= width for row in waits):
            break
    told = []
    for row in rows:
        if row.action == WAIT:
            row = shorter(row)
        elif row.target in long:
            row = replace(row, target=_without_owner(row.target))
        told.append(_cut_cell(_verb(row), width))
    return told


def _without_owner(target: str) -> str:
    name, bracket, item = target.partition("[")
    return f"{name.partition('.')[2] or name}{bracket}{item}"


def _as_it_is(row: Row) -> Row:
    return row


def _by_number(row: Row) -> Row:
    return replace(row, value=row.value.replace(" worker ", " ").replace(" greenlet ", " "))


def _without_holder(row: Row) -> Row:
    return replace(row, value="")


def _cut(text: str, columns: int) -> str:
    return text if len(text) <= columns else f"{text[: columns - 2]}.."


def _cut_cell(text: str, columns: int) -> str:
    """Return ``text`` with its end left out, but not the number that tells one of its name from others."""
    number = _NUMBER.search(text)
    end = number.group() if number is not None else ""
    return text if len(text) <= columns else f"{text[: columns - len('..') - len(end)]}..{end}"


def _cut_front(place: str, columns: int) -> str:
    """Return ``place`` with the front of a long file name left out: of a place the line is what is wanted most."""
    return place if len(place) <= columns else f"..{place[2 - columns :]}"


def _verb(row: Row) -> str:
    return phrase(row.action, row.target, row.value)
