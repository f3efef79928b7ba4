"""Lines of the code under test: which file is one of its own, who called, and with which expression."""

from __future__ import annotations

import ast
import linecache
import os
import sys
import types
from functools import lru_cache

from ..project import holds, relative
from ..source import PACKAGE, parsed, position_at, position_of
from .record import NOWHERE, Site


@lru_cache(maxsize=4096)
def is_own(path: str, rootdir: str) -> bool:
    """Return whether the source file ``path`` belongs to the project at ``rootdir``: no library, not this plugin."""
    return not os.path.abspath(path).startswith(PACKAGE) and holds(path, rootdir)


def own_frame(frame: types.FrameType | None, rootdir: str) -> types.FrameType | None:
    """Return the innermost frame of the project's code at or above ``frame``."""
    while frame is not None and not is_own(frame.f_code.co_filename, rootdir):
        frame = frame.f_back
    return frame


def site_of(frame: types.FrameType | None, rootdir: str) -> Site:
    """Return the line of ``frame``, with its text; NOWHERE for None."""
    if frame is None:
        return NOWHERE
    path, line = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(path, line, frame.f_globals).strip()
    position = position_at(frame.f_code, frame.f_lasti)
    end = (position[1], position[3]) if position and position[1] is not None and position[3] is not None else None
    return Site(relative(path, rootdir), line, frame.f_code.co_qualname, text, end)


def caller(rootdir: str) -> Site:
    """Return the innermost line of the project's code that led here."""
    return site_of(own_frame(sys._getframe(1), rootdir), rootdir)


def call_at(frame: types.FrameType) -> ast.Call | None:
    """Return the call expression that ``frame`` is in the middle of, or None where its source is not known."""
    tree = parsed("".join(linecache.getlines(frame.f_code.co_filename, frame.f_globals)))
    position = position_at(frame.f_code, frame.f_lasti)
    if tree is None or position is None:
        return None
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return next((call for call in calls if position_of(call) == position), None)
