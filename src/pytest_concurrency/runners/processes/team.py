"""A team of worker processes: started together, released together, ended together."""

from __future__ import annotations

import contextlib
import multiprocessing
import pickle
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing import connection
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from ...model import Finding
from ...realtime import RealTime
from ...state import STATE
from ...watch import stacks, tree
from ...watch.deadline import PATIENCE
from ...watch.lost_update import find_lost
from ...watch.watch import WatchPlan
from ..base import root_of
from .bootstrap import imports_of
from .child import Job, output_path, work
from .interrupts import held_back
from .outcome import DIED, HUNG, Outcome, WorkerReport
from .portable import Portable

_POLL = 0.05
_LOOK = 0.5
_EXITING = 0.0005
_START_EXTRA = 20.0  # seconds that a fresh interpreter may take to import the test module


@dataclass
class _Member:
    process: Any
    channel: Connection[Any, Any]
    index: int
    ready: bool = False
    report: WorkerReport | None = None
    exitcode: int | None = None
    ended: bool = False
    closed: bool = False


def run_team(
    calls: Sequence[tuple[Callable[..., Any], Mapping[str, Any]]],
    *,
    method: str,
    item: pytest.Function,
    timeout: float,
    redirect: bool = True,
    watch: WatchPlan | None = None,
) -> tuple[list[Outcome], list[Finding]]:
    """Run each call (function, keyword arguments) in a process of its own, all at once; return how each ended.

    ``method`` is fork, forkserver or spawn; ``timeout`` the real seconds from the barrier to the end of the last
    worker, after which the rest is killed. Nothing that was started is left, whatever happens.
    """
    directory = tempfile.mkdtemp(prefix="pytest-concurrency-")
    try:
        outcomes = _Team(calls, method, item, timeout, redirect, watch, directory).run()
        return outcomes, find_lost(sorted(Path(directory).glob("*.updates")))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


class _Team:
    def __init__(
        self,
        calls: Sequence[tuple[Callable[..., Any], Mapping[str, Any]]],
        method: str,
        item: pytest.Function,
        timeout: float,
        redirect: bool,
        watch: WatchPlan | None,
        directory: str,
    ) -> None:
        self.calls = calls
        self.method = method
        self.imports = imports_of(item)
        self.item = item
        self.config = item.config
        self.timeout = timeout
        self.redirect = redirect
        self.watch = None if watch is None else replace(watch, scratch=directory)
        self.directory = directory
        self.members: list[_Member] = []
        self.stacks: dict[int, str] = {}
        self.movement = tree.Movement()
        self.moving = False

    def run(self) -> list[Outcome]:
        context = multiprocessing.get_context(self.method)
        if self.method == "forkserver":
            _preload(context)
        gate, opener = context.Pipe(duplex=False)
        try:
            for index, (function, kwargs) in enumerate(self.calls):
                self._start(context, index, function, kwargs, gate, opener)
            start_limit = self.timeout + (0 if self.method == "fork" else _START_EXTRA)
            self._wait(RealTime.monotonic() + start_limit, lambda member: member.ready)
            opener.close()
            limit = RealTime.monotonic() + self.timeout
            self._wait(limit, lambda member: False)
            # Slow is not hung: as long as a worker gets on it is given more time, but not for ever.
            patience = max(self.timeout * (PATIENCE - 1), _LOOK * 2 * tree.STILL_LOOKS)
            while (moving := self._are_moving()) and RealTime.monotonic() < limit + patience:
                self._wait(RealTime.monotonic() + _LOOK, lambda member: False)
            self.moving = moving
            hung = [member for member in self.members if not member.ended]
            for member in hung:
                self.stacks[member.index] = stacks.request(self.directory, member.process.pid)
            return self._outcomes({member.index for member in hung})
        finally:
            opener.close()
            gate.close()
            self._end()

    def _are_moving(self) -> bool:
        """Return whether a worker that has not ended, or a process that it may wait for, may still get on."""
        left = [member.process.pid for member in self.members if not member.ended]
        below = {p for pid in left for p in (pid, *tree.descendants(pid))}
        return bool(left) and self.movement.look(sorted(below | tree.below_fork_server().keys()))

    def _start(
        self,
        context: Any,
        index: int,
        function: Callable[..., Any],
        kwargs: Mapping[str, Any],
        gate: Connection[Any, Any],
        opener: Connection[Any, Any],
    ) -> None:
        receive, send = context.Pipe(duplex=False)
        job = Job(
            self.imports,
            index,
            function,
            kwargs,
            self.directory,
            self.redirect,
            self.timeout,
            root_of(self.item),
            self.watch,
        )
        forked = self.method == "fork"
        ends = (opener, receive, *[member.channel for member in self.members]) if forked else ()
        process = context.Process(
            target=work,
            args=(self.imports, job, send, gate, ends, self.config if forked else None),
            name=f"worker-{index}",
        )
        process._concurrency_worker = index
        if STATE.watch is not None:  # taken off again before the process object is pickled
            process._concurrency_function = function.function if isinstance(function, Portable) else function
        try:
            with warnings.catch_warnings(), held_back() if forked else contextlib.nullcontext():
                warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside idle threads of libraries
                process.start()
        except BaseException:
            receive.close()
            raise
        finally:
            send.close()
        self.members.append(_Member(process, receive, index))

    def _wait(self, limit: float, enough: Callable[[_Member], bool]) -> None:
        """Collect messages and exits until every member has ended or is ``enough``, or ``limit`` has passed."""
        while True:
            waiting = [member for member in self.members if not member.ended and not enough(member)]
            if not waiting:
                return
            left = limit - RealTime.monotonic()
            if left <= 0:
                return
            channels = [member.channel for member in waiting if not member.closed]
            sentinels = [member.process.sentinel for member in waiting]
            ready = connection.wait([*channels, *sentinels], min(_POLL, left))
            if any(sentinel in ready for sentinel in sentinels):
                time.sleep(_EXITING)  # it has closed its handles, and is about to be gone
            for member in waiting:
                self._receive(member)
                if member.process.exitcode is not None:
                    self._receive(member)
                    member.exitcode = member.process.exitcode
                    member.ended = True

    def _receive(self, member: _Member) -> None:
        try:
            while not member.closed and member.channel.poll():
                data = member.channel.recv_bytes()
                if data == b"ready":
                    member.ready = True
                else:
                    member.report = pickle.loads(data)
        except (EOFError, OSError):
            member.closed = True

    def _outcomes(self, hung: set[int]) -> list[Outcome]:
        outcomes = []
        for member in self.members:
            report, pid = member.report, member.process.pid
            stack = ""
            if member.index in hung:
                status = HUNG
                stack = self.stacks.get(member.index, "")
            elif report is None:
                status = DIED
                stack = stacks.read(self.directory, pid)
            else:
                status = report.status
            try:
                output = output_path(self.directory, member.index).read_text(errors="replace")
            except OSError:
                output = ""
            moving = status == HUNG and self.moving
            outcomes.append(Outcome(member.index, status, member.exitcode, report, stack, output, pid, moving))
        return outcomes

    def _end(self) -> None:
        """Kill what is left of the workers and of all that they started, and close every handle."""
        alive = [member.process for member in self.members if not member.ended]
        if alive:
            below = {process.pid: tree.descendants(process.pid) for process in alive}
            infos = [info for pid in below for info in [tree.look(pid), *below[pid].values()] if info is not None]
            tree.kill(infos)
        for member in self.members:
            member.process.join(2.0)
            with contextlib.suppress(OSError):
                member.channel.close()
            with contextlib.suppress(ValueError):
                member.process.close()


def _preload(context: Any) -> None:
    """Let a fork server that is yet to start import what every worker needs; one that runs stays as it is."""
    from multiprocessing import forkserver

    if getattr(forkserver._forkserver, "_forkserver_pid", None) is None:
        context.set_forkserver_preload(["__main__", "pytest", work.__module__])


def show_output(outcomes: Sequence[Outcome]) -> None:
    """Write what the workers wrote to this process's standard output, worker by worker."""
    for outcome in outcomes:
        if outcome.output:
            sys.stdout.write(outcome.output)
