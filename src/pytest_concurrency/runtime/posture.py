"""Where the calling thread is, and with which local variables: equal twice, and nothing has moved on in between."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from functools import cache

from ..instrument.deferred import outer
from ..source import PACKAGE
from .values import is_plain

_DEEP = 100
"""Innermost frames that are looked into; of all others only the number counts."""


_MOST_NATIVE = 2_000
"""Frames of C from which on a stack counts as unlike every other: it grows, and an end of it will come."""


@cache
def _backtrace() -> Callable[[], int]:
    """Return a function that counts the calling thread's frames of C, up to :data:`_MOST_NATIVE`; 0 where the C library
    has no ``backtrace()``."""
    try:
        import ctypes

        found = ctypes.PyDLL(None).backtrace
    except (ImportError, OSError, AttributeError):
        return lambda: 0
    room = (ctypes.c_void_p * _MOST_NATIVE)()
    return lambda: int(found(room, _MOST_NATIVE))


def native_posture() -> object:
    """Return a value that is the same at two moments only if as many frames of C are on this thread's stack: C code
    that calls itself (pickle, json, copying) shows in no frame of Python."""
    depth = _backtrace()()
    return depth if depth < _MOST_NATIVE else object()


def posture() -> tuple[object, ...]:
    """Return a value that is the same at two moments only if the program's frames of this thread stand at the same
    instructions with the same plain values and the same other objects in their local variables."""
    frames: list[object] = []
    depth = 0
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        depth += 1
        if depth <= _DEEP and not code.co_filename.startswith(PACKAGE):
            names = tuple((name, type(value), value if is_plain(value) else id(value))
                          for name, value in list(frame.f_locals.items()))  # fmt: skip
            frames.append((id(code), frame.f_lasti, names))
        frame = outer(frame)
    return (depth, *frames)
