"""What runs in a controlled worker process."""

from __future__ import annotations

import gc
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
from ....watch.pickling import describe_culprit
from ....watch.sites import is_own
from ..interrupts import let_in
from ..outcome import RETURNED, WorkerReport
from ..represent import report_failure
from . import files, locks, memory, queues
from .agent import Agent
from .patches import Patches
from .wire import Channel

_HOOKED = (
    ("builtins", ("open",)),
    ("os", (*files.FUNCTIONS, "waitpid")),
    ("time", ("sleep", "time", "monotonic", "perf_counter")),
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
    redirect: bool
    bindings: tuple[Binding, ...] = ()
    coverage: Any = None
    listed: bool = False


def work(task: Task, channel: Channel, others: tuple[Channel, ...]) -> None:
    """Run ``task`` under the conductor at the other end of ``channel``; ``others`` are ends to close."""
    let_in()
    gc.freeze()  # a collection would touch, and so copy, every page that is shared with the parent
    for other in others:
        other.close()
    if task.redirect:
        _silence()
    _measure_nothing(task.coverage)
    random.seed(task.seed)
    agent = task.agent
    agent.silent, agent.listed = task.silent, task.listed
    _take_over(agent, task.bindings)
    agent.begin(channel, task.path)
    failure: tuple[str, int] = ("", 0)
    try:
        value = task.function(**task.kwargs)
    except KeyboardInterrupt:
        os._exit(130)
    except BaseException as error:
        agent.on = False
        failure = raised_at(error)
        report = report_failure(error, task.function, task.config)
    else:
        agent.on = False
        report = _report(value)
    agent.end((pickle.dumps(report), failure))


def _report(value: Any) -> WorkerReport:
    if value is None:
        return WorkerReport(RETURNED, value=pickle.dumps(None))
    try:
        return WorkerReport(RETURNED, value=pickle.dumps(value))
    except Exception:
        return WorkerReport(RETURNED, unpicklable=describe_culprit(value, "result"))


def install(agent: Agent, patches: Patches) -> None:
    """Hook everything that processes share. In the process that forks the workers, which inherit the hooks: to install
    them in each takes longer than most bodies; ``agent`` lets pass what the process itself does."""
    for module in (memory, locks, queues, files, *_optional()):
        module.install(agent, patches)


def _take_over(agent: Agent, bindings: Sequence[Binding]) -> None:
    """Hook what only a worker can, in this process and for the rest of its life."""
    for binding in bindings:
        binding.namespace[binding.name] = getattr(sys.modules[binding.module], binding.function)
    os.register_at_fork(before=agent.before_fork, after_in_parent=agent.after_fork, after_in_child=agent.in_child)
    leave = os._exit

    def _exit(status: int) -> None:
        if agent.here():
            agent.end()
        leave(status)

    os._exit = _exit  # type: ignore[assignment]


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


def _silence() -> None:
    handle = os.open(os.devnull, os.O_WRONLY)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 - for the rest of the process's life
    sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
