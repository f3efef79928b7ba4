"""CH401 of a manager: ``shared["names"].append(name)`` changes a copy, which nobody has afterwards.

What a manager's dict or list hands out is a copy of what it holds. A statement that changes it in place and keeps it
nowhere is without effect, whatever other processes do.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import linecache
import sys
import types
from collections import deque
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..instrument.vocabulary import CONTAINER_METHODS, READ_ALL, READ_ITEM
from ..model import Finding
from ..source import Position, parsed, position_at, position_of
from .judging import Context, explain
from .patching import Patches
from .record import CopyChanged, Record, Site
from .rows import leave, left_in
from .sites import own_frame, site_of

_PLAIN = (list, dict, set, bytearray, deque)
_GIVES = frozenset({"__getitem__", "get", "__getattribute__"})  # the last: an attribute of a Namespace
_CHANGES = frozenset(name for name, effect in CONTAINER_METHODS.items() if effect not in (READ_ITEM, READ_ALL))
_CAUSE = "What a manager's dict or list hands out is a copy: to change it in place changes nothing that is shared."
_FIX = "Assign the changed value (names = shared[k]; names.append(n); shared[k] = names), or put a manager.list() in."
_ROWS = 50


def find(record: Record, context: Context) -> list[Finding]:
    """Return one warning for each line that changes a copy and drops it."""
    findings = []
    for changed in dict.fromkeys(record.copies):
        site = changed.site
        message = (
            f"{changed.expression} at {site} changes a copy ({changed.kind}) of what the manager holds: it is lost"
        )
        detail = explain(f"{site}: {site.text}", code="CH401", cause=_CAUSE, fix=_FIX)
        location = site.location("write", changed.expression, changed.kind, context.worker)
        findings.append(Finding("CH401", message, detail, locations=(location,)))
    return findings


class Copies:
    """Looks at what proxies hand out in this process; ``tell`` is called with each change that will be lost."""

    def __init__(self, rootdir: str, patches: Patches) -> None:
        self._rootdir = rootdir
        self._patches = patches
        self.found: dict[CopyChanged, None] = {}

    def install(self, tell: Any) -> None:
        """Hook the proxies of managers, where the program has imported those."""
        managers: Any = sys.modules.get("multiprocessing.managers")
        if managers is None:
            return
        original = managers.BaseProxy._callmethod

        def _callmethod(proxy: Any, methodname: str, *args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            value = original(proxy, methodname, *args, **kwargs)
            if methodname in _GIVES and type(value) in _PLAIN and len(self.found) < _ROWS:
                with contextlib.suppress(Exception):
                    self._look(value, tell)
            return value

        self._patches.set(managers.BaseProxy, "_callmethod", _callmethod)

    def _look(self, value: object, tell: Any) -> None:
        frame = own_frame(sys._getframe(1), self._rootdir)
        change = _dropped_change(frame) if frame is not None else ""
        if frame is not None and change:
            changed = CopyChanged(site_of(frame, self._rootdir), change, type(value).__name__)
            if changed not in self.found:
                self.found[changed] = None
                tell(changed)


def leave_word(directory: str) -> Any:
    """Return what leaves word of a change in ``directory``, for the parent to read."""

    def tell(changed: CopyChanged) -> None:
        row = [*dataclasses.astuple(changed.site)[:4], changed.expression, changed.kind]
        leave(directory, "copies", [row])

    return tell


def read_copies(paths: Iterable[Path]) -> Iterator[CopyChanged]:
    """Yield what children have written into these files."""
    for path in paths:
        for *site, expression, kind in left_in(path):
            yield CopyChanged(Site(*site), expression, kind)


def _dropped_change(frame: types.FrameType) -> str:
    """Return the source of the change of the value that ``frame`` is about to get, "" where it does anything else."""
    position = position_at(frame.f_code, frame.f_lasti)
    if position is None:
        return ""
    source = "".join(linecache.getlines(frame.f_code.co_filename, frame.f_globals))
    return _changes(source).get(position, "")


@lru_cache(maxsize=32)
def _changes(source: str) -> dict[Position, str]:
    """Return the statements of a module that change what an expression gives and keep it nowhere, by the position of
    the expression."""
    found: dict[Position, str] = {}
    tree = parsed(source)
    for node in ast.walk(tree) if tree is not None else ():
        for given in _changed_by(node):
            if isinstance(given, (ast.Subscript, ast.Call, ast.Attribute)):
                found[position_of(given)] = ast.unparse(node)
    return found


def _changed_by(node: ast.AST) -> list[ast.expr]:
    """Return the expressions whose values the statement ``node`` changes in place."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
        return [node.value.func.value] if node.value.func.attr in _CHANGES else []
    targets: list[ast.expr] = []
    if isinstance(node, (ast.Assign, ast.Delete)):
        targets = node.targets
    elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
        targets = [node.target]
    return [target.value for target in targets if isinstance(target, ast.Subscript)]
