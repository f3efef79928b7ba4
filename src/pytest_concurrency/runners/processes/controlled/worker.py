"""What runs in a controlled worker process."""

from __future__ import annotations

import gc
import io
import os
import pickle
import random
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from ....detect.failures import raised_at
from ....instrument.vocabulary import CLOCKS
from ....watch.ends import WAITS
from ....watch.pickling import describe_culprit
from ....watch.sites import is_own
from ..interrupts import let_in
from ..outcome import RETURNED, WorkerReport
from ..represent import report_failure
from . import deaths, files, locks, memory, queues
from .agent import Agent
from .leaving import callbacks, nothing_is_left
from .patches import Patches
from .wire import Channel

_HOOKED = (
    ("builtins", ("open",)),
    ("os", (*files.FUNCTIONS, *WAITS)),
    ("time", ("sleep", *CLOCKS)),
    ("fcntl", ("flock", "lockf")),
    ("sqlite3", ("connect",)),
)


@dataclass(frozen=True, slots=True)
class Binding:
    """A module of the project has bound a hooked function to a name of its own: ``from os import replace``."""

    namespace: dict[str, Any]
    name: str
    module: str
    function: str


def bindings_of(rootdir: str) -> tuple[Binding, ...]:
    """Return what the modules of the project have bound. To be called before the fork: it looks at every module, and
    imports what workers will need."""
    _optional()
    hooked = {
        id(getattr(sys.modules[module], name)): (module, name)
        for module, names in _HOOKED
        if module in sys.modules
        for name in names
        if hasattr(sys.modules[module], name)
    }
    found = []
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if isinstance(module, types.ModuleType) and path and is_own(path, rootdir):
            for name, value in vars(module).items():
                if id(value) in hooked:
                    found.append(Binding(vars(module), name, *hooked[id(value)]))
    return tuple(found)


class Silence:
    """Nowhere for workers to print to: made once, by the process that forks them."""

    def __init__(self) -> None:
        self._handle = os.open(os.devnull, os.O_WRONLY)
        try:
            self._streams = [_stream(1), _stream(2)]
        except OSError:  # closed in this process
            self._streams = []

    def __call__(self) -> None:
        """Let the standard streams of this process lead nowhere, for the rest of its life."""
        os.dup2(self._handle, 1)
        os.dup2(self._handle, 2)
        sys.stdout, sys.stderr = self._streams or [_stream(1), _stream(2)]

    def close(self) -> None:
        """Close what has been opened, in the process that has made this."""
        os.close(self._handle)


def _stream(number: int) -> io.TextIOWrapper:
    """Return what ``open(number, "w", closefd=False)`` does where that is no terminal."""
    stream = io.TextIOWrapper(io.BufferedWriter(io.FileIO(number, "w", closefd=False)), None)
    stream.mode = "w"  # type: ignore[misc]
    return stream


@dataclass(frozen=True, slots=True)
class Task:
    """What a controlled worker is to do, and what it needs to know; inherited by the fork, never pickled."""

    agent: Agent
    path: str
    function: Callable[..., Any]
    kwargs: Mapping[str, Any]
    config: pytest.Config
    seed: int
    silent: frozenset[str]
    silence: Silence | None
    bindings: tuple[Binding, ...] = ()
    coverage: Any = None
    listed: bool = False


NOTHING = WorkerReport(RETURNED, value=pickle.dumps(None))
NOTHING_PICKLED = pickle.dumps(NOTHING)
"""What most workers report: made once."""
_leave, _close = os._exit, os.close


def work(task: Task, channel: Channel, others: tuple[int, ...]) -> None:
    """Run ``task`` under the conductor at the other end of ``channel``; the descriptors ``others`` are those of other
    workers."""
    let_in()
    gc.freeze()  # a collection would touch, and so copy, every page that is shared with the parent
    for other in others:
        _close(other)
    if task.silence is not None:
        task.silence()
    _measure_nothing(task.coverage)
    random.seed(task.seed)
    agent = task.agent
    agent.silent, agent.listed = task.silent, task.listed
    _take_over(agent, task.bindings)
    agent.begin(channel, task.path)
    at_first = callbacks()
    failure: tuple[str, int] = ("", 0)
    try:
        value = task.function(**task.kwargs)
    except KeyboardInterrupt:
        os._exit(130)
    except BaseException as error:
        agent.on = False
        failure = raised_at(error)
        report = pickle.dumps(report_failure(error, task.function, task.config))
    else:
        agent.on = False
        report = NOTHING_PICKLED if value is None else pickle.dumps(_report(value))
        del value  # what ends with it ends before others go on
    leaves = nothing_is_left(at_first)
    agent.end((report, failure), leaves)
    if leaves:
        _leave(0)


def _report(value: Any) -> WorkerReport:
    try:
        return WorkerReport(RETURNED, value=pickle.dumps(value))
    except Exception:
        return WorkerReport(RETURNED, unpicklable=describe_culprit(value, "result"))


def install(agent: Agent, patches: Patches) -> None:
    """Hook everything that processes share. In the process that forks the workers, which inherit the hooks: to install
    them in each takes longer than most bodies; ``agent`` lets pass what the process itself does."""
    for module in (memory, locks, queues, deaths, files, *_optional()):
        module.install(agent, patches)

    leave = os._exit

    def _exit(status: int) -> None:
        if agent.here():
            agent.end()
        leave(status)

    patches.set(os, "_exit", _exit)


def _take_over(agent: Agent, bindings: Sequence[Binding]) -> None:
    """Hook what only a worker can, in this process and for the rest of its life."""
    for binding in bindings:
        binding.namespace[binding.name] = getattr(sys.modules[binding.module], binding.function)
    memory.install_own(agent)
    os.register_at_fork(before=agent.before_fork, after_in_parent=agent.after_fork, after_in_child=agent.in_child)


def _optional() -> list[Any]:
    """Return the modules with hooks for what the program has imported."""
    found: list[Any] = []
    if "multiprocessing.managers" in sys.modules:
        from . import proxies

        found.append(proxies)
    if "sqlite3" in sys.modules:
        from . import databases

        found.append(databases)
    return found


def _measure_nothing(inherited: Any) -> None:
    """Leave no coverage data behind, one file for each worker of each schedule: runs in real time are measured."""
    if inherited is not None:
        from coverage import Coverage

        for coverage in {inherited, Coverage.current()} - {None}:
            coverage.stop()
            coverage.save = lambda: None
