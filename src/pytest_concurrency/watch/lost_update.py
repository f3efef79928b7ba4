"""CH101 between processes: ``value.value += 1`` without a lock, made to happen and shown with its values.

In each process that works at the same time as others the shared objects of ``multiprocessing`` are read and written
through a hook. An augmented assignment (or ``x.value = x.value + 1``) remembers what it read; when it writes and finds
another value there, another process has written in between and that write is lost. One of the processes waits a moment
between its read and its write, so that it does happen; under a lock nothing can.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import ctypes
import linecache
import os
import sys
import time
import types
from collections.abc import Callable, Iterable
from functools import lru_cache
from multiprocessing import sharedctypes
from operator import attrgetter
from pathlib import Path
from typing import Any

from ..model import Finding, Location
from ..project import relative
from ..realtime import RealTime
from ..source import Position, parsed, position_at, position_of
from . import shared_ctypes
from .globals import short
from .patching import Patches
from .rows import leave, left_in
from .sites import is_own

_PAUSES = 3
_PAUSE = 0.05  # seconds
_STEP = 0.0005
_STARTING = 1.0  # seconds that a fresh interpreter is waited for
_ROWS = 200
_CTYPES = (ctypes._SimpleCData, ctypes.Array, ctypes.Structure)


class SharedAccess:
    """Watches the reads and writes of shared objects in this process; ``pauses``: it waits after a read.

    One that begins before the others does so once, anyway: it might be done before they are there.
    """

    def __init__(self, directory: str, rootdir: str, worker: str, pauses: bool) -> None:
        self.rootdir = rootdir
        self.worker = worker
        self._left = _PAUSES if pauses else 0
        self._waited = False
        self._rows = _ROWS
        self._directory = directory
        self._reads: dict[object, tuple[types.FrameType, int, str, Any]] = {}
        self._patches = Patches()

    def install(self) -> None:
        """Patch the shared objects of ``multiprocessing``. To be called in the process that is watched."""
        for cls, name, value in shared_ctypes.wrapped():
            self._field(cls, name, value.fget, value.fset, attrgetter(f"_obj.{name}"))
        self._items(sharedctypes.SynchronizedArray, lambda target, key: target._obj[key])
        for kind, plain in shared_ctypes.simple():
            self._field(kind, "value", plain.__get__, plain.__set__, plain.__get__)
        for kind in shared_ctypes.arrays():
            self._items(kind, kind.__getitem__)
        for kind, name, plain in shared_ctypes.fields():
            self._field(kind, name, plain.__get__, plain.__set__, plain.__get__)
        managers: Any = sys.modules.get("multiprocessing.managers")
        if managers is None:
            return
        for proxy in (managers.DictProxy, managers.ListProxy):
            self._items(proxy, proxy.__getitem__)
        self._items(managers.NamespaceProxy, managers.NamespaceProxy.__getattr__, "attr")

    def remove(self) -> None:
        """Put everything back."""
        self._patches.undo()
        self._reads.clear()

    def _field(self, cls: Any, name: str, get: Any, put: Any, peek: Callable[[Any], Any]) -> None:
        self._patches.set(cls, name, property(self._reader(get, peek, name), self._writer(put, peek, name)))

    def _items(self, cls: Any, peek: Callable[[Any, Any], Any], kind: str = "item") -> None:
        self._patches.wrap(cls, f"__get{kind}__", lambda original: self._reader(original, peek))
        self._patches.wrap(cls, f"__set{kind}__", lambda original: self._writer(original, peek))

    def _reader(self, original: Any, peek: Callable[..., Any], name: str = "") -> Any:
        def read(target: Any, *key: Any) -> Any:
            __tracebackhide__ = True
            value = original(target, *key)
            frame = sys._getframe(1)
            if self._rows > 0 and _is_shared(target) and is_own(frame.f_code.co_filename, self.rootdir):
                with contextlib.suppress(Exception):
                    place = update_at(frame)
                    if place is not None:
                        self._reads[id(target), name, *key] = (frame, place[0], place[1], _as_it_is(value))
                        self._pause(lambda: peek(target, *key), value)
            return value

        return read

    def _pause(self, peek: Callable[[], Any], value: Any) -> None:
        if self._left <= 0 and (self._waited or not others_begin(self._directory)):
            return
        self._left -= 1
        self._waited = True
        now = RealTime.monotonic()
        end, limit = now + _PAUSE, now + _STARTING
        while peek() == value:
            now = RealTime.monotonic()
            if now < limit and others_begin(self._directory):
                end = now + _PAUSE
            if now >= end:
                break
            time.sleep(_STEP)

    def _writer(self, original: Any, peek: Callable[..., Any], name: str = "") -> Any:
        def write(target: Any, *values: Any) -> Any:
            __tracebackhide__ = True
            frame = sys._getframe(1)
            key = values[:-1]
            known: tuple[types.FrameType, int, str, Any] | None = None
            there: Any = None
            with contextlib.suppress(Exception):  # a slice is no key before Python 3.12
                known = self._reads.pop((id(target), name, *key), None)
                there = peek(target, *key) if known is not None else None
            result = original(target, *values)
            if known is not None and known[0] is frame:
                with contextlib.suppress(Exception):
                    self._note(known, there, values[-1])
            return result

        return write

    def _note(self, read: tuple[types.FrameType, int, str, Any], there: Any, written: Any) -> None:
        frame, line, name, value = read
        self._rows -= 1
        row = {
            "pid": os.getpid(),
            "worker": self.worker,
            "path": relative(frame.f_code.co_filename, self.rootdir),
            "line": line,
            "name": name,
            "read": short(value),
            "there": short(there),
            "written": short(written),
            "lost": bool(there != value),
        }
        leave(self._directory, "updates", [row])


def note_start(directory: str, number: int) -> None:
    """Leave word that the process of that number is about to start. To be called by the one that starts it."""
    Path(directory, f"{number}.starts").touch()


def note_begin(directory: str, number: int) -> None:
    """Leave word that the process of that number has begun. To be called by itself."""
    Path(directory, f"{number}.starts").unlink(missing_ok=True)


def others_begin(directory: str) -> bool:
    """Say whether a process was started and has not begun yet."""
    return any(name.endswith(".starts") for name in os.listdir(directory))


def _is_shared(target: Any) -> bool:
    """Say whether ``target``, if it is of ctypes, lies in shared memory."""
    return not isinstance(target, _CTYPES) or shared_ctypes.block_of(target) is not None


def _as_it_is(value: Any) -> Any:
    """Return what does not change when ``value`` is changed in place, as ``shared[k] += [item]`` does."""
    try:
        return copy.deepcopy(value)
    except Exception:
        return value


def update_at(frame: types.FrameType) -> tuple[int, str] | None:
    """Return (line, target) if ``frame`` reads the target of an update like ``x.value += 1``, else None."""
    position = position_at(frame.f_code, frame.f_lasti)
    if position is None:
        return None
    return _updates("".join(linecache.getlines(frame.f_code.co_filename, frame.f_globals))).get(position)


@lru_cache(maxsize=64)
def _updates(source: str) -> dict[Position, tuple[int, str]]:
    """Return where in ``source`` the target of an update is read: position -> (line, target)."""
    found: dict[Position, tuple[int, str]] = {}
    tree = parsed(source)
    if tree is None:
        return found
    for node in ast.walk(tree):
        if isinstance(node, ast.AugAssign):
            found[position_of(node.target)] = (node.lineno, ast.unparse(node.target))
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = ast.unparse(node.targets[0])
            for part in ast.walk(node.value):
                if isinstance(part, (ast.Attribute, ast.Subscript)) and ast.unparse(part) == target:
                    found[position_of(part)] = (node.lineno, target)
    return found


def find_lost(paths: Iterable[Path]) -> list[Finding]:
    """Return one finding for each line whose update was lost, from what the processes have written."""
    rows: list[dict[str, Any]] = [row for path in paths for row in left_in(path)]
    findings: dict[tuple[str, int], Finding] = {}
    for row in rows:
        if row["lost"] and (row["path"], row["line"]) not in findings:
            findings[row["path"], row["line"]] = _finding(row, rows)
    return list(findings.values())


def _finding(row: dict[str, Any], rows: list[dict[str, Any]]) -> Finding:
    from .judging import explain

    other = next((r for r in rows if r["pid"] != row["pid"] and r["written"] == row["there"]), None)
    mine, where = row["worker"], f"{row['path']}:{row['line']}"

    def at(entry: dict[str, Any], action: str, value: str) -> Location:
        return Location(entry["path"], entry["line"], entry["worker"], action, row["name"], value)

    message = (
        f"{row['name']}: worker {mine} read {row['read']}, another process wrote {row['there']}, "
        f"and worker {mine} wrote {row['written']} over it ({where})"
    )
    lanes = [f"    worker {mine}: {row['name']} -> {row['read']}    ({where})"]
    locations = [at(row, "read", row["read"])]
    if other is not None:
        there = f"{other['path']}:{other['line']}"
        lanes.append(f"        worker {other['worker']}: {row['name']} = {row['there']}    ({there})")
        locations.append(at(other, "write", row["there"]))
    else:
        lanes.append(f"        another process: {row['name']} = {row['there']}")
    lanes.append(f"    worker {mine}: {row['name']} = {row['written']}    ({where})    the write above is lost")
    locations.append(at(row, "write", row["written"]))
    return Finding(
        "CH101",
        message,
        explain(*lanes, code="CH101"),
        reachable=True,
        preemptions=1,
        locations=tuple(locations),
    )
