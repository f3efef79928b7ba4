"""Whose code a frame is: the user's, the standard library's, an installed package's, gevent's or ours."""

from __future__ import annotations

import functools
import os

from ...project import is_installed, is_standard, original
from ...state import STATE
from .evidence import FrameView


def _directory(module: str) -> str:
    return os.path.join(os.path.dirname(module), "")


@functools.lru_cache(maxsize=1)
def _machinery() -> tuple[str, ...]:
    import _pytest
    import pytest

    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return (os.path.join(here, ""), _directory(_pytest.__file__), _directory(pytest.__file__))


@functools.lru_cache(maxsize=2048)
def is_user_file(filename: str) -> bool:
    """Return whether ``filename`` is neither the interpreter's nor that of an installed package but the project."""
    if filename.startswith("<"):
        return False
    if is_standard(filename) or is_installed(filename) or is_gevent_file(filename) or is_machinery(filename):
        return bool(STATE.root) and original(filename, STATE.root) is not None
    return os.path.isfile(filename)


@functools.lru_cache(maxsize=2048)
def is_gevent_file(filename: str) -> bool:
    """Return whether ``filename`` is a source file of gevent."""
    import gevent

    # Compiled modules give the paths of the tree that they were built from.
    return filename.startswith("src/gevent/") or os.path.abspath(filename).startswith(_directory(gevent.__file__))


def is_machinery(filename: str) -> bool:
    """Return whether ``filename`` belongs to pytest or to this plugin."""
    return os.path.abspath(filename).startswith(_machinery())


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
