"""Whose code a frame is: the user's, the standard library's, an installed package's, gevent's or ours."""

from __future__ import annotations

import functools
import os
import sysconfig

from ...project import original
from ...state import STATE
from .evidence import FrameView


@functools.lru_cache(maxsize=1)
def _roots() -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    import _pytest
    import gevent
    import pytest

    paths = sysconfig.get_paths()
    installed = {paths["purelib"], paths["platlib"]}
    standard = {paths["stdlib"], paths["platstdlib"]}
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    machinery = (here, os.path.dirname(_pytest.__file__), os.path.dirname(pytest.__file__))
    roots = tuple(os.path.join(path, "") for path in (*installed, *standard))
    return (
        roots,
        os.path.join(os.path.dirname(gevent.__file__), ""),
        tuple(os.path.join(p, "") for p in machinery),
    )


@functools.lru_cache(maxsize=2048)
def is_user_file(filename: str) -> bool:
    """Return whether ``filename`` is neither the interpreter's nor that of an installed package but the project."""
    if filename.startswith("<"):
        return False
    roots, gevent, machinery = _roots()
    path = os.path.abspath(filename)
    if path.startswith((*roots, gevent, *machinery)):
        return bool(STATE.root) and original(path, STATE.root) is not None
    return os.path.isfile(path)


@functools.lru_cache(maxsize=2048)
def is_gevent_file(filename: str) -> bool:
    """Return whether ``filename`` is a source file of gevent."""
    # Compiled modules give the paths of the tree that they were built from.
    return filename.startswith("src/gevent/") or os.path.abspath(filename).startswith(_roots()[1])


def is_machinery(filename: str) -> bool:
    """Return whether ``filename`` belongs to pytest or to this plugin."""
    return os.path.abspath(filename).startswith(_roots()[2])


def user_frame(frames: tuple[FrameView, ...]) -> FrameView | None:
    """Return the innermost frame of the user's code, or of an installed package where the user's code is not on it."""
    for frame in frames:
        if is_user_file(frame.code.co_filename):
            return frame
    for frame in frames:
        name = frame.code.co_filename
        if not name.startswith("<") and not is_gevent_file(name) and not is_machinery(name):
            return frame
    return None


def importing(frames: tuple[FrameView, ...]) -> bool:
    """Return whether a module was being imported: that happens once, and is nobody's blocking call."""
    return any(frame.code.co_filename.startswith("<frozen importlib") for frame in frames)
