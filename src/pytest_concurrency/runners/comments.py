"""``# concurrency: ignore[CH101]``: findings that the source itself dismisses."""

from __future__ import annotations

import linecache
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..detect.failures import Failure
from ..hazards import CATALOGUE
from ..project import relative

COMMENT = re.compile(r"#\s*concurrency:\s*ignore\[([^\]]*)\]")
MEANT = re.compile(r"#\s*concurrency:\s*ignore\b")


def codes_on_line(path: str, line: int) -> frozenset[str]:
    """Return the hazard codes that a comment on this source line dismisses."""
    found = COMMENT.search(linecache.getline(path, line))
    return frozenset(found.group(1).replace(",", " ").split()) if found else frozenset()


def lines_of(failure: Failure) -> Iterator[tuple[str, int]]:
    """Yield the source lines that ``failure`` is about."""
    data: Any = failure.data
    if failure.code == "CH101":
        yield from ((row.path, row.line) for row in (data.read, data.overwritten, data.write))
    elif failure.code in ("CH104", "CH106", "CH109"):
        for row in data or ():
            yield row.path, row.line
            yield row.holder_path, row.holder_line
    elif failure.code in ("CH108", "CH110"):
        yield failure.place[1]
    elif failure.code in ("CH102", "CH103", "CH105"):
        yield from failure.place


class Dismissals:
    """Which failures the source dismisses; remembers in ``notes`` what it dismissed, and comments that dismiss nothing.

    Paths in notes are relative to ``root``.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.notes: list[str] = []

    def __call__(self, failure: Failure) -> bool:
        for path, line in lines_of(failure):
            if not (path and line):
                continue
            codes = codes_on_line(path, line)
            if failure.code in codes:
                self._note(f"{failure.code} is ignored by the comment at", path, line)
                return True
            if not codes & CATALOGUE.keys() and MEANT.search(linecache.getline(path, line)):
                named = f"{', '.join(sorted(codes))} is no hazard's code" if codes else "no hazard is named"
                self._note(f"{named}, write # concurrency: ignore[{failure.code}] to ignore it at", path, line)
        return False

    def _note(self, text: str, path: str, line: int) -> None:
        note = f"{text} {relative(path, self._root)}:{line}"
        if note not in self.notes:
            self.notes.append(note)
