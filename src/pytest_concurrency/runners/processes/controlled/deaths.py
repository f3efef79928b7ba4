"""What workers that a test forks itself die of, and whether anybody asks."""

from __future__ import annotations

import os
import pickle
import traceback
import types
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import process
from typing import Any

from ....detect.failures import RAISED_AT
from ....report.raised import CALLS
from ....watch import ends
from ....watch.deaths import has_told, raised_in
from ..represent import pickled
from .agent import Agent
from .patches import Patches


@dataclass(frozen=True, slots=True)
class Death:
    """A worker died of an exception: ``error`` is a pickle of it, where it has one, ``at`` path and line, ``calls`` the
    frames that it came through. ``expected``: its own code had dealt with it, or it is a daemon whose peer was gone."""

    pid: int
    kind: str
    text: str
    error: bytes | None
    at: tuple[str, int]
    calls: tuple[traceback.FrameSummary, ...]
    expected: bool

    def rebuilt(self) -> BaseException:
        """Return the exception, as well as it could travel."""
        error: BaseException
        try:
            error = pickle.loads(self.error) if self.error is not None else self._stand_in()
        except Exception:
            error = self._stand_in()
        vars(error).update({RAISED_AT: self.at, CALLS: self.calls})
        return error

    def _stand_in(self) -> BaseException:
        kind: type[BaseException] = type(self.kind, (Exception,), {})
        return kind(self.text)


def install(agent: Agent, patches: Patches) -> None:
    """Hook what runs the work of a process, and what tells how one has ended."""
    if not agent.adopts:
        return
    base: Any = process.BaseProcess
    bootstrap = base._bootstrap

    def _bootstrap(self: Any, *args: Any, **kwargs: Any) -> Any:
        if agent.on:
            self.run = _telling(agent, self.run, self.daemon)
        return bootstrap(self, *args, **kwargs)

    patches.set(base, "_bootstrap", _bootstrap)

    def seen(pid: int | None) -> None:
        if pid is not None and agent.here():
            agent.asked(pid)

    def met_end(frame: types.FrameType) -> None:
        if agent.on:
            agent.asked(None)  # whoever it was that has gone: somebody has met the end of a pipe

    ends.install(patches, seen, met_end)


def _telling(agent: Agent, run: Callable[[], None], daemon: bool) -> Callable[[], None]:
    def told() -> None:
        __tracebackhide__ = True
        try:
            run()
        except Exception as error:
            with agent.aside():
                agent.died(_death(error, agent.rootdir, daemon))
            agent.quiet += 1  # what the library does to print it is nobody's operation
            raise

    return told


def _death(error: Exception, rootdir: str, daemon: bool) -> Death:
    expected = daemon and isinstance(error, (EOFError, ConnectionError))
    calls = tuple(traceback.extract_tb(error.__traceback__))
    at = raised_in(error, rootdir)
    expected = expected or has_told(error, rootdir)
    return Death(os.getpid(), type(error).__name__, str(error), pickled(error), at, calls, expected)


__all__ = ["Death", "install"]
