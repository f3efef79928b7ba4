"""Hooks on what tells how a process has ended: its exit code and sentinel, whether it lives, the end of a pipe."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from .patching import Patches


def install(patches: Patches, seen: Callable[[Any], None], met: Callable[[types.FrameType], None]) -> None:
    """Let ``seen`` be called with each process whose end somebody asks for or hears of, and ``met`` with the frame that
    reads from a pipe to its end."""
    process: Any = vars(BaseProcess)
    exitcode, sentinel, is_alive = process["exitcode"].fget, process["sentinel"].fget, BaseProcess.is_alive
    receive: Any = vars(Connection)["_recv"]

    def exitcode_(self: Any) -> int | None:
        code: int | None = exitcode(self)
        if code is not None:
            seen(self)
        return code

    def sentinel_(self: Any) -> int:
        seen(self)
        return sentinel(self)  # type: ignore[no-any-return]

    def is_alive_(self: Any) -> bool:
        alive = is_alive(self)
        if not alive:
            seen(self)
        return alive

    def receive_(self: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        try:
            return receive(self, *args, **kwargs)
        except EOFError:
            met(sys._getframe(1))
            raise

    patches.set(BaseProcess, "exitcode", property(exitcode_))
    patches.set(BaseProcess, "sentinel", property(sentinel_))
    patches.set(BaseProcess, "is_alive", is_alive_)
    patches.set(Connection, "_recv", receive_)
