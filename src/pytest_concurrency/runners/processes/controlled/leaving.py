"""Whether a worker that has done its work may leave at once: its end would run nothing and wait for nothing."""

from __future__ import annotations

import _thread
import atexit
import sys
import threading
from multiprocessing import process, util
from typing import Any

_atexit: Any = atexit
_threading: Any = threading
_util: Any = util
_process: Any = process


def callbacks() -> tuple[int, int, int]:
    """Count the threads of this process, and what is to be called at its end."""
    return _thread._count(), len(_threading._threading_atexits), _atexit._ncallbacks()


def nothing_is_left(at_first: tuple[int, int, int]) -> bool:
    """Say whether only the process itself is left to end, where :func:`callbacks` was ``at_first`` when the worker
    began; writes out what the standard streams hold."""
    if _util._finalizer_registry or _util._logger is not None or _process._children or callbacks() != at_first:
        return False
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            return False
    return True


__all__ = ["callbacks", "nothing_is_left"]
