"""Hooks on what tells how a process has ended: its exit code and sentinel, whether it lives, who has been waited for,
the end of a pipe."""

from __future__ import annotations

import multiprocessing.process
import os
import sys
import types
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from .patching import Patches

WAITS = ("wait", "waitpid", "wait3", "wait4", "waitid")
"""Functions of ``os`` that tell how a process has ended."""
_JOINS = "multiprocessing.popen_fork"
"""What asks the system for a process that is joined, and hands nothing on."""


def install(patches: Patches, seen: Callable[[int | None], None], met: Callable[[types.FrameType], None]) -> None:
    """Let ``seen`` be called with the id of each process whose end somebody asks for or hears of, and ``met`` with the
    frame that reads from a pipe to its end."""
    process: Any = vars(BaseProcess)
    exitcode, sentinel, is_alive = process["exitcode"].fget, process["sentinel"].fget, BaseProcess.is_alive
    receive: Any = vars(Connection)["_recv"]

    def exitcode_(self: Any) -> int | None:
        code: int | None = exitcode(self)
        if code is not None:
            seen(self.pid)
        return code

    def sentinel_(self: Any) -> int:
        seen(self.pid)
        return sentinel(self)  # type: ignore[no-any-return]

    def is_alive_(self: Any) -> bool:
        alive = is_alive(self)
        if not alive:
            seen(self.pid)
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
    _install_waits(patches, seen)
    _install_active_children(patches, seen)


def _install_waits(patches: Patches, seen: Callable[[int | None], None]) -> None:
    def waiter(original: Any) -> Any:
        def wait(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            ended = original(*args, **kwargs)
            pid = ended[0] if type(ended) is tuple else getattr(ended, "si_pid", 0)
            if pid and sys._getframe(1).f_globals.get("__name__") != _JOINS:
                seen(pid)
            return ended

        return wait

    for name in WAITS:
        patches.wrap(os, name, waiter)


def _install_active_children(patches: Patches, seen: Callable[[int | None], None]) -> None:
    """``active_children()`` leaves out who has ended, unless a join has said so before."""
    module: Any = multiprocessing.process
    cleanup, asking = module._cleanup, module.active_children.__code__
    ended: list[int] = []

    def _cleanup() -> None:
        before = set(module._children)
        cleanup()
        ended.extend(child.pid for child in before - module._children)
        if sys._getframe(1).f_code is asking:
            while ended:
                seen(ended.pop())

    patches.set(module, "_cleanup", _cleanup)
