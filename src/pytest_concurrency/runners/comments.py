"""Findings that the source dismisses (``# concurrency: ignore[CH101]``), or ``ignore_in`` for a module or path."""

from __future__ import annotations

import fnmatch
import linecache
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from ..detect.failures import Failure
from ..hazards import CATALOGUE, RAISED, SUSPECTED, WAITING
from ..options import is_path
from ..project import relative
from ..trace.workers import TEST

COMMENT = re.compile(r"#\s*concurrency:\s*ignore\[([^\]]*)\]")
MEANT = re.compile(r"#\s*concurrency:\s*ignore\b")


def codes_on_line(path: str, line: int) -> frozenset[str]:
    """Return the hazard codes that a comment on this source line dismisses."""
    found = COMMENT.search(linecache.getline(path, line))
    return frozenset(found.group(1).replace(",", " ").split()) if found else frozenset()


def lines_of(failure: Failure, elsewhere: bool = True) -> Iterator[tuple[str, int]]:
    """Yield the source lines that ``failure`` is about; without those where the test waits for its workers, unless
    ``elsewhere``."""
    data: Any = failure.data
    if failure.code == "CH101":
        yield from ((row.path, row.line) for row in (data.read, data.overwritten, data.write))
    elif failure.code in WAITING:
        for row in data or ():
            if elsewhere or row.worker != TEST or len(data) == 1:
                yield row.path, row.line
            yield row.holder_path, row.holder_line
    elif failure.code in RAISED:
        yield failure.place[1]
    elif failure.code in SUSPECTED | {"CH102"}:
        yield from failure.place


def _lies_in(path: str, name: str, root: Path) -> bool:
    """Say whether the file ``path`` belongs to the module called ``name``, or matches the path ``name``."""
    if is_path(name):
        return fnmatch.fnmatch(os.path.join(root, relative(path, root)), os.path.join(root, name))
    modules = [module for each, module in list(sys.modules.items()) if each == name or each.startswith(f"{name}.")]
    return any(vars(module).get("__file__") == path for module in modules if type(module) is ModuleType)


class Dismissals:
    """Which failures the source dismisses, or ``ignore_in``: pairs of a module or path and hazard codes.

    Remembers in ``notes`` what was dismissed, and comments that dismiss nothing. Paths are relative to ``root``.
    """

    def __init__(self, root: Path, ignore_in: Sequence[tuple[str, frozenset[str]]] = ()) -> None:
        self._root = root
        self._ignore_in = ignore_in
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
        return self._ignored_in(failure)

    def _ignored_in(self, failure: Failure) -> bool:
        names = [name for name, codes in self._ignore_in if failure.code in codes]
        lines = [(path, line) for path, line in lines_of(failure, elsewhere=False) if path and line] if names else []
        for name in names if lines else ():
            if all(_lies_in(path, name, self._root) for path, _ in lines):
                self._note(f"{failure.code} is ignored in {name} at", *lines[0])
                return True
        return False

    def _note(self, text: str, path: str, line: int) -> None:
        note = f"{text} {relative(path, self._root)}:{line}"
        if note not in self.notes:
            self.notes.append(note)
