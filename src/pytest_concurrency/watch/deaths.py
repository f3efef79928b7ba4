"""What a child process died of, and whether its own code has told anybody before."""

from __future__ import annotations

import ast
import contextlib
import json
import linecache
import os
import sys
import traceback
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..realtime import RealTime
from ..source import PACKAGE, parsed
from .record import ChildDied
from .sites import is_own

_FRAMES = 30


def note_death(directory: str, rootdir: str, error: BaseException, during: str = "") -> None:
    """Leave word in ``directory`` that this process dies of ``error``; never raises."""
    with contextlib.suppress(Exception):
        path, line = raised_in(error, rootdir)
        row = {
            "error": type(error).__name__,
            "text": str(error),
            "trace": _trace(error, rootdir),
            "path": path,
            "line": line,
            "told": has_told(error, rootdir),
            "when": RealTime.monotonic(),
            "during": during,
            "lost_peer": isinstance(error, (EOFError, ConnectionError)),
        }
        Path(directory, f"{os.getpid()}.died").write_text(json.dumps(row), encoding="utf-8")


def _trace(error: BaseException, rootdir: str) -> str:
    """Return the traceback of ``error`` from the first frame of the project on, without frames of this plugin."""
    frames = list(_frames(error))
    first = next((tb for tb in frames if is_own(tb.tb_frame.f_code.co_filename, rootdir)), error.__traceback__)
    told = traceback.TracebackException(type(error), error, first, limit=-_FRAMES)
    told.stack[:] = [frame for frame in told.stack if not frame.filename.startswith(PACKAGE)]
    return "".join(told.format())


def read_deaths(paths: Iterable[Path]) -> Iterator[ChildDied]:
    """Yield what children have written into these files."""
    for path in paths:
        with contextlib.suppress(OSError, ValueError, TypeError):
            yield ChildDied(int(path.stem), **json.loads(path.read_text(encoding="utf-8")))


def raised_in(error: BaseException, rootdir: str) -> tuple[str, int]:
    """Return path and line of the innermost frame of the project that ``error`` came through, ("", 0) for none."""
    own = [(tb.tb_frame.f_code.co_filename, tb.tb_lineno) for tb in _frames(error)]
    return next(((path, line) for path, line in reversed(own) if is_own(path, rootdir)), ("", 0))


def has_told(error: BaseException, rootdir: str) -> bool:
    """Say whether code of the project has caught ``error``, or what it came from, and has done something about it
    before it was raised again: put it into a queue, set a flag, logged it."""
    seen: set[int] = set()
    known: BaseException | None = error
    while known is not None and id(known) not in seen:
        seen.add(id(known))
        frames = (tb for tb in _frames(known) if is_own(tb.tb_frame.f_code.co_filename, rootdir))
        if any(_tells(tb, known) for tb in frames):
            return True
        known = known.__cause__ or known.__context__
    return False


def _frames(error: BaseException) -> Iterator[types.TracebackType]:
    last = error.__traceback__
    while last is not None:
        yield last
        last = last.tb_next


def _tells(tb: types.TracebackType, error: BaseException) -> bool:
    tree = parsed("".join(linecache.getlines(tb.tb_frame.f_code.co_filename, tb.tb_frame.f_globals)))
    if tree is None:
        return True  # nobody knows
    tries = [node for node in ast.walk(tree) if isinstance(node, (ast.Try, ast.TryStar)) and _is_within(node, tb)]
    return any(
        _catches(handler, error, tb.tb_frame)
        and not all(isinstance(row, (ast.Raise, ast.Pass)) for row in handler.body)
        for node in tries
        for handler in node.handlers
    )


def _is_within(node: ast.Try | ast.TryStar, tb: types.TracebackType) -> bool:
    """Say whether the line of ``tb`` is in what ``node`` tries, and ``node`` in the function of ``tb``."""
    first = tb.tb_frame.f_code.co_firstlineno
    return first <= node.lineno and node.body[0].lineno <= tb.tb_lineno <= (node.body[-1].end_lineno or 0)


def _catches(handler: ast.ExceptHandler, error: BaseException, frame: types.FrameType) -> bool:
    """Say whether ``handler`` catches ``error``, or cannot be understood."""
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(_is_kind(kind, error, frame) for kind in kinds)


def _is_kind(kind: ast.expr, error: BaseException, frame: types.FrameType) -> bool:
    value = _value(kind, frame)
    return not isinstance(value, type) or isinstance(error, value)


def _value(node: ast.expr, frame: types.FrameType) -> Any:
    """Return what a dotted name stands for in ``frame``, None where it is anything else."""
    if isinstance(node, ast.Attribute):
        return getattr(_value(node.value, frame), node.attr, None)
    if not isinstance(node, ast.Name):
        return None
    spaces = (frame.f_locals, frame.f_globals, vars(sys.modules["builtins"]))
    return next((space[node.id] for space in spaces if node.id in space), None)
