"""Exploring one test on processes, from its plan to its findings."""

from __future__ import annotations

import contextlib
import functools
import gc
import linecache
import math
import multiprocessing
import pickle
import random
import socket
import sys
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ....detect.failures import RAISED_AT
from ....explore.model import Exploration
from ....model import Finding
from ....notes import CUT_SHORT, EXPLORED, is_cut_short
from ....realtime import RealTime
from ....report.baseline import marked
from ....report.explain import explain
from ....report.replaying import command
from ....report.width import width_of
from ....runtime.ending import outcome_of
from ....runtime.execution import Execution
from ....schedules import token as tokens
from ....settings import Settings
from ....trace.outcome import Outcome as RunOutcome
from ....watch import tree
from ....watch.deadline import BodyHung, Deadline
from ....watch.hook_fork import look
from ...accepted import Accepted
from ...afresh import arguments, begin_again, let_go_of_buffers
from ...base import ACTIVE_RUNNER, root_of
from ...comments import Dismissals
from ...errors import from_signal_handler
from ...memory import Memory, Remembered, replay_note
from ...other_plugins import timeout_of_other_plugin
from ..interrupts import held_back
from ..outcome import DIED, SKIPPED, Outcome, RemoteError, WorkerDied, WorkerReport
from ..start import default_method
from . import places
from .agent import Agent
from .conductor import Conductor, Over, Start
from .explorer import STRATEGIES, ProcessExplorer
from .files import ENTRY, LISTINGS
from .ledger import Sites
from .members import Member
from .patches import Patches
from .snapshot import Snapshot, unlink
from .wire import Channel
from .worker import NOTHING, NOTHING_PICKLED, Binding, Silence, Task, bindings_of, install, work

SHARE = 0.6
"""Part of max_seconds that exploring may take; the rest is for runs in real time."""
SCHEDULE_LIMIT = 5.0
"""Real seconds that one schedule may take at most."""
Call = tuple[Callable[..., Any], Mapping[str, Any]]


@dataclass
class Explored:
    """What exploring came to: ``error`` is that of the failing schedule, ``failed`` its workers; ``verdict`` says how
    far a test that did not fail was explored, "" where it was not."""

    schedules: int = 0
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    error: BaseException | None = None
    failed: tuple[Outcome, ...] = ()
    replayed: bool = False
    verdict: str = ""


@dataclass
class ProcessProgram:
    """The test as a program: can be run again and again under executions."""

    item: pytest.Function
    settings: Settings
    via_fixture: bool
    sites: Sites = field(default_factory=Sites)
    conductor: Conductor | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    snapshot: Snapshot = field(default_factory=Snapshot)
    runs: int = 0
    listed: bool = False
    order: object = ()
    failing: list[Outcome] = field(default_factory=list)
    modules: frozenset[str] = frozenset()
    before: frozenset[int] | None = None
    silence: Silence | None = None
    bindings: tuple[Binding, ...] = ()
    patches: Patches = field(default_factory=Patches)
    agent: Agent = field(init=False)

    def __post_init__(self) -> None:
        adopts = self.settings.workers == 0 and not self.via_fixture
        self.agent = Agent(root_of(self.item), adopts)

    def once(self, execution: Execution) -> RunOutcome:
        """Set the test up afresh and run it under ``execution``."""
        if self.runs:
            self.renew()
        self.runs += 1
        self.outcomes = []
        limit = min(SCHEDULE_LIMIT, self.settings.timeout)
        conductor = self.conductor = Conductor(execution, self.sites, limit)
        execution.workers.append(execution.main)
        execution.strategy.begin(execution.number)
        error: BaseException | None = None
        state = None
        if self.via_fixture:  # else workers alone run code of the test's, and seed for themselves
            state = random.getstate()
            random.seed(self.settings.seed)
        self.before = tree.below()
        try:
            error = self._body(limit)
        finally:
            if state is not None:
                random.setstate(state)
        execution.lost.extend(conductor.ledger.updates.lost)
        if not execution.stuck and not isinstance(error, Over):
            execution.unseen.extend(conductor.ledger.unseen())
        self.notes += [note for note in conductor.ledger.notes if note not in self.notes]
        self.order = tuple((s.worker, s.site, s.occurrence, s.to) for s in execution.switches)
        if execution.stuck:
            error = None
        elif isinstance(error, Over):
            execution.timed_out = str(error)
            error = None
        if error is not None and not isinstance(error, pytest.skip.Exception):
            self.failing = [outcome for outcome in self.outcomes if outcome.failed]
        return outcome_of(execution, error)

    def renew(self) -> None:
        """Set the test up afresh."""
        self.settle()
        begin_again(self.item, self.snapshot.restore)

    def settle(self) -> None:
        """See that nothing of the latest run is left running. Not at once: workers end while their run is judged."""
        if self.conductor is not None:
            self.conductor.settle()
        if self.before is not None and tree.below() - self.before:
            helpers = tree.helpers()
            tree.kill([i for p, i in tree.descendants().items() if p not in self.before and p not in helpers])
        self.before = None
        if self.conductor is not None and self.conductor.ledger.segments:
            unlink(self.conductor.ledger.segments)
            self.conductor.ledger.segments.clear()

    def end(self) -> None:
        """Leave nothing behind of what exploring has put in place."""
        self.settle()
        self.unhook()
        places.forget()
        if self.silence is not None:
            self.silence.close()
            self.silence = None

    def _body(self, limit: float) -> BaseException | None:
        try:
            if not self.via_fixture and self.settings.workers == 0:
                return self._first_error(self._own())
            if not self.via_fixture:
                assert self.conductor is not None
                self.conductor.waits = False  # nothing of the test's runs before the next settle()
                calls = [(self.item.obj, arguments(self.item))] * self.settings.workers
                return self._first_error(self.team(calls))
            self._hook()  # before the test takes a method of a lock to hand it to a worker
            runner: Any = self.item.stash[ACTIVE_RUNNER]
            runner.controlled = self
            try:
                with Deadline(limit, lambda _, passed: passed > limit):
                    self.item.obj(**arguments(self.item))
            finally:
                runner.controlled = None
        except BodyHung:
            return Over("the test did not end in time")
        except BaseException as error:
            if from_signal_handler(error):
                raise  # an alarm of another plugin, or Ctrl-C
            let_go_of_buffers(error)
            return error
        return None

    def team(self, calls: Sequence[Call]) -> list[Outcome]:
        """Run each call in a controlled worker of its own; raise :class:`.conductor.Over` where that cannot be."""
        conductor = self._ready()
        members = conductor.run(self._starter(calls), len(calls))
        self.outcomes += (outcomes := [_outcome(index, member) for index, member in enumerate(members)])
        if conductor.execution.stuck:
            raise Over("stuck")
        return outcomes

    def _own(self) -> list[Outcome]:
        """Run the body in a process of its own, which with all that it forks is controlled."""
        call = forking(self.item.obj), arguments(self.item)
        member = self._ready().run_main(self._starter([call]))
        self.outcomes = [_outcome(0, member)]
        return self.outcomes

    def _ready(self) -> Conductor:
        assert self.conductor is not None
        seen = look(root_of(self.item)) if len(sys._current_frames()) > 1 else None
        if seen is not None and seen.threads:
            raise Over("threads run in the test's own process")
        return self.conductor

    def _starter(self, calls: Sequence[Call]) -> Start:
        assert self.conductor is not None
        self._hook()
        captured = {"capsys", "capfd", "capsysbinary", "capfdbinary", "capteesys"} & set(self.item.fixturenames)
        if self.silence is None and not captured:
            self.silence = Silence()
        silent = frozenset() if self.conductor.execution.rows is not None else self.sites.silent()
        coverage: Any = sys.modules.get("coverage")
        measured = coverage.Coverage.current() if coverage is not None else None
        listed = self.listed or self.sites.have(LISTINGS)

        def start(paths: Sequence[str]) -> Generator[tuple[Any, Channel]]:
            """Fork a worker for each path. All is made ready first: what runs between two forks is paid for twice, as
            every page that it touches is copied."""
            context = multiprocessing.get_context("fork")
            pairs = [socket.socketpair() for _ in paths]
            ours = [Channel(end, self.agent.adopts) for end, _ in pairs]
            theirs = [Channel(end) for _, end in pairs]
            processes = []
            for path, (function, kwargs), end in zip(paths, calls, theirs, strict=True):
                task = Task(
                    self.agent,
                    path,
                    function,
                    kwargs,
                    self.item.config,
                    self.settings.seed,
                    silent,
                    self.silence,
                    self.bindings,
                    measured,
                    listed,
                )
                others = tuple(other.fileno() for other in (*ours, *theirs) if other is not end)
                processes.append(context.Process(target=work, args=(task, end, others), name=f"worker-{path}"))
            unused = list(ours)
            try:
                with warnings.catch_warnings(), held_back():
                    warnings.simplefilter("ignore", DeprecationWarning)
                    for process in processes:
                        process.start()
                        yield process, unused.pop(0)
            finally:
                for end in (*theirs, *unused):
                    end.close()

        return start

    def _hook(self) -> None:
        """Hook what the workers will share, anew where modules were imported since."""
        if len(sys.modules) != len(self.modules):
            self.unhook()
            self.bindings = bindings_of(root_of(self.item))
            self.modules = frozenset(sys.modules)
            install(self.agent, self.patches)
        for path in {site.path for site in self.sites.all}:
            linecache.getlines(path)  # once here, and not in every worker

    def unhook(self) -> None:
        """Take the hooks off, also where a module that was imported meanwhile has bound one to a name of its own."""
        self.patches.undo()
        for name in sys.modules.keys() - self.modules:
            namespace = getattr(sys.modules[name], "__dict__", None)
            if self.modules and isinstance(namespace, dict):
                self.patches.let_go(namespace)
        self.modules = frozenset()

    @staticmethod
    def _first_error(outcomes: Sequence[Outcome]) -> BaseException | None:
        errors = [error_of(outcome) for outcome in outcomes if outcome.failed or outcome.status == SKIPPED]
        return errors[0] if errors else None

    def last_run(self) -> Any:
        """Return the values, the openings and the order of the latest run."""
        if self.conductor is None:
            return {}, {}, ()
        return self.conductor.ledger.values, self.conductor.ledger.updates.opened, self.order


def forking(body: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``body`` such that processes are forked in it, where nothing else is asked for; for a worker process."""

    @functools.wraps(body)
    def forked(**kwargs: Any) -> Any:
        __tracebackhide__ = True
        multiprocessing.set_start_method("fork", force=True)
        return body(**kwargs)

    return forked if default_method() != "fork" else body


def _outcome(index: int, member: Member) -> Outcome:
    report: WorkerReport | None = None
    if member.report is not None:
        report = NOTHING if member.report == NOTHING_PICKLED else pickle.loads(member.report)
    pid, code = member.process.pid, member.process.exitcode
    status = report.status if report is not None else DIED
    return Outcome(index, status, code, report, pid=pid, raised_at=member.raised_at)


def error_of(outcome: Outcome) -> BaseException:
    """Return what a worker that failed has raised, as well as it could travel."""
    report = outcome.report
    error: BaseException
    if report is None:
        error = WorkerDied(outcome.describe(0))
    elif report.exception is not None:
        error = pickle.loads(report.exception)
    else:
        error = RemoteError(report.summary)
    with contextlib.suppress(AttributeError):
        setattr(error, RAISED_AT, outcome.raised_at)
    return error


def explore(item: pytest.Function, settings: Settings, via_fixture: bool) -> Explored:
    """Explore the test, or replay one schedule of it; its fixtures are fresh afterwards."""
    return _Exploring(item, settings, via_fixture).run()


@contextlib.contextmanager
def collector_still() -> Iterator[None]:
    """Keep the garbage collector from touching, and so copying, every page that is shared with forked workers."""
    collecting = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        if collecting:
            gc.enable()


class _Exploring:
    def __init__(self, item: pytest.Function, settings: Settings, via_fixture: bool) -> None:
        self.item = item
        self.settings = settings
        self.program = ProcessProgram(item, settings, via_fixture)
        self.dismissals = Dismissals(item.config.rootpath, settings.ignore_in)
        self.accepted = Accepted(item, settings)
        self.memory = Memory(item.config)

    def run(self) -> Explored:
        remembered = self.memory.of(self.item)
        seconds = self.settings.max_seconds * SHARE
        limit = timeout_of_other_plugin(self.item)
        settings = replace(self.settings, max_seconds=min(seconds, limit / 3) if limit else seconds)
        explorer = ProcessExplorer(
            self.program.once, settings, self.program.sites, self.program.last_run, self.dismissals, self.accepted,
            like_theirs=default_method() == "fork" or not self.program.agent.adopts,
            own_processes=self.program.agent.adopts,
        )  # fmt: skip
        begun = RealTime.monotonic()
        adopted = tree.adopt_orphans(True)
        try:
            with collector_still():
                exploration = self._exploration(explorer, remembered)
        finally:
            self.program.end()
            tree.adopt_orphans(adopted)
        self.program.renew()
        findings = self._findings(exploration)
        if self.settings.replay is None:
            self.memory.update(self.item, remembered, exploration, (finding for _, finding in findings))
        return self._explored(exploration, findings, RealTime.monotonic() - begun)

    def _exploration(self, explorer: ProcessExplorer, remembered: Remembered) -> Exploration:
        if self.settings.replay is not None:
            token = tokens.decode(self.settings.replay)
            wanted = token.directives
            self.program.listed = any(directive.site.endswith(f":{ENTRY}") for directive in wanted)
            exploration, strategy = explorer.replay(wanted, token.code)
            exploration.notes.append(replay_note(exploration, len(wanted), len(strategy.followed)))
        else:
            exploration = explorer.explore([token.directives for _, token in remembered])
        return exploration

    def _explored(self, exploration: Exploration, findings: Sequence[tuple[Any, Finding]], seconds: float) -> Explored:
        notes = [note for note in exploration.notes if not is_cut_short(note)]
        if default_method() != "fork" and self.settings.start_method is None:
            notes.append(f"schedules were explored with forked workers ({default_method()} is Python's default)")
        if len(notes) < len(exploration.notes) and not findings:
            enough = math.ceil(seconds * self.settings.schedules / max(1, exploration.schedules) / SHARE)
            notes.append(f"{exploration.schedules} of {self.settings.schedules} schedules were explored in "
                         f"{seconds:.1f} s of max_seconds={self.settings.max_seconds:g}; max_seconds={enough} is about "
                         "what all of them take")  # fmt: skip
        if self.settings.strategy not in STRATEGIES and self.settings.replay is None:
            notes.append(
                f"strategy={self.settings.strategy!r} is not for processes: their schedules were chosen as by 'auto'"
            )
        if exploration.stopped:
            notes.append(f"not explored under other schedules: {exploration.stopped}")
        verdict = CUT_SHORT if exploration.cut_short else EXPLORED
        errors = [(found, finding) for found, finding in findings if finding.is_error]
        if exploration.plain is not None and self.settings.replay is None:
            return Explored(exploration.schedules)  # an ordinary failure: real runs show it
        notes += [note for note in (*self.program.notes, *self.dismissals.notes) if note not in notes]
        error = exploration.plain or next((f.outcome.error for f, _ in errors if f.outcome.error is not None), None)
        return Explored(
            exploration.schedules,
            (*(finding for _, finding in findings), *self.accepted.findings),
            tuple(notes),
            error,
            tuple(self.program.failing) if error is not None else (),
            self.settings.replay is not None,
            "" if errors or exploration.stopped or self.settings.replay is not None else verdict,
        )

    def _findings(self, exploration: Exploration) -> list[tuple[Any, Finding]]:
        kept = []
        config, nodeid = self.item.config, self.item.nodeid
        for found in (*exploration.found, *exploration.suspected):
            level = self.settings.severity(found.failure.code)
            if level is not None and not self.dismissals(found.failure):
                word = tokens.make(nodeid, found.failure.code, found.directives)
                finding = explain(
                    found, word, nodeid, config.rootpath, level, width_of(config), command(config, nodeid, word)
                )
                kept.append((found, marked(finding, config, nodeid)))
        return kept


__all__ = ["Explored", "ProcessProgram", "explore"]
