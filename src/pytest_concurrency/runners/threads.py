"""The thread carrier: stressed tests on controlled threads."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ..explore.model import Exploration, Found
from ..explore.outcomes import FORBIDDEN, ForbiddenOutcome, described, judged
from ..explore.pipeline import Explorer
from ..extensions import announced, detectors, files_of_strategies, reviewed
from ..instrument.activation import Cache, Instrumenter
from ..instrument.scope import Area, Chooser, test_module_files
from ..instrument.sites import Sites
from ..model import Finding, TestResult
from ..options import THREADS
from ..primitives.dispatch import BUILTINS, HOOKS, SUBSTITUTES
from ..report.baseline import marked
from ..report.lanes import explain
from ..report.progress import progress_for
from ..report.width import width_of
from ..runtime.control import uncontrolled
from ..runtime.execution import Execution
from ..runtime.lifecycle import run_callables
from ..runtime.outsiders import Outsiders
from ..runtime.pool import ThreadPool
from ..runtime.state import STATE
from ..runtime.trace import Outcome
from ..runtime.watchdog import Watchdog
from ..schedules import token as tokens
from ..settings import Settings
from ..strategies.serial import Serial
from .accepted import Accepted
from .base import ACTIVE_RUNNER, Plan, expand, gather, hand_in, plan_of
from .comments import Dismissals
from .examples import Clock, each_example, is_hypothesis_test, relaxed, schedules_of_an_example
from .free_run import FREE_SHARE, MAX_VIRTUAL_SECONDS, Hung, found_freely, run_together
from .memory import Memory, Remembered
from .program import Program, is_no_verdict, put_back, unwinding_unlogged, without_our_frames
from .shards import SHARD, Shard
from .unsafe import timeout_of_other_plugin
from .wasted import wasted, worth_asking
from .whole_suite.blame import OwnDoing
from .whole_suite.session import OneWorker, WholeSuite, not_repeatable, too_slow

FOR_EVER = 1e9
SHARE_OF_TIMEOUT = 0.5
"""Part of pytest-timeout's time that exploring may use."""


def create_plugin(config: pytest.Config) -> ThreadsPlugin:
    """Return the pytest plugin of the thread carrier."""
    return ThreadsPlugin(config)


class ThreadRunner:
    """The ``thread_runner`` fixture: runs callables as workers of the current schedule."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.execution: Execution | None = None
        self.pool: ThreadPool | None = None
        self.free_timeout: float | None = None
        self.measure: Callable[[Sequence[Callable[[], object]]], object] | None = None

    def run(
        self, *callables: Callable[[], Any], workers: int | None = None, return_exceptions: bool = False
    ) -> list[Any]:
        """Run the callables at once, each on a thread of its own; see :class:`.base.WorkerRunner`."""
        __tracebackhide__ = True
        bodies = expand(callables, workers, self._plan.settings.workers)
        if self.measure is not None and len(bodies) > 1:
            self.measure(bodies)
        if self.free_timeout is not None:
            outcomes = run_together(bodies, self.free_timeout)
            return gather([value for value, _ in outcomes], [error for _, error in outcomes], return_exceptions)
        if self.execution is None or self.pool is None:
            raise RuntimeError("thread_runner.run() works inside the test function only")
        if STATE.worker is None or threading.get_ident() != self.execution.main.ident:
            raise RuntimeError("thread_runner.run() must be called from the test function's own thread")
        children = run_callables(self.execution, self.execution.main, bodies, self.pool)
        return gather([w.take_result() for w in children], [w.error for w in children], return_exceptions)

    def outcome(
        self, value: object, *, acceptable: Collection[object] | None = None, forbidden: Collection[object] = ()
    ) -> None:
        """Note ``value`` as what this schedule gave, for the table of outcomes; equal reprs are one outcome.

        With ``acceptable`` any other value fails the test, a value in ``forbidden`` always does.
        """
        __tracebackhide__ = True
        with uncontrolled():
            text, verdict = described(value), judged(value, acceptable, forbidden)
        if self.execution is not None:
            self.execution.values.append((text, verdict))
        if verdict == FORBIDDEN:
            raise ForbiddenOutcome(f"the outcome {text} is forbidden")

    def map(
        self, function: Callable[[Any], Any], iterable: Iterable[Any], return_exceptions: bool = False
    ) -> list[Any]:
        """Run ``function(item)`` for every item, each on a thread of its own; results in order."""
        __tracebackhide__ = True

        def bind(item: Any) -> Callable[[], Any]:
            return lambda: function(item)

        bodies = [bind(item) for item in iterable]
        if not bodies:
            return []
        return self.run(*bodies, workers=len(bodies), return_exceptions=return_exceptions)


@dataclass(slots=True)
class _Stress:
    """What is at hand while one test is stressed, and what it has come to.

    ``raised`` is the error with which Hypothesis reports a failing example.
    """

    item: pytest.Function
    plan: Plan
    settings: Settings
    program: Program
    accepted: Accepted
    sites: Sites = field(default_factory=Sites)
    outsiders: Outsiders = field(default_factory=Outsiders)
    dismissals: Dismissals = field(default_factory=Dismissals)
    remembered: Remembered = field(default_factory=list)
    detected: list[Finding] = field(default_factory=list)
    replayed: tokens.Token | None = None
    share: Shard | None = None
    exploration: Exploration = field(default_factory=Exploration)
    raised: BaseException | None = None
    wasted: tuple[Finding, ...] = ()
    extra: tuple[tuple[str, Any], ...] = ()
    stale: Callable[[], bool] = lambda: False
    begun: float = field(default_factory=time.monotonic)

    @property
    def is_helper(self) -> bool:
        """Say whether this is a copy of a test that helps to explore it, see :mod:`.shards`."""
        return self.share is not None and self.share.helper > 0


class ThreadsPlugin:
    """Runs the items that are planned for threads."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._cache = Cache()
        self._instrumenter = Instrumenter(HOOKS, SUBSTITUTES, BUILTINS, self._cache)
        self._memory = Memory(config)
        self._detectors = detectors(config)
        self._test_modules: frozenset[str] | None = None
        self._suite = WholeSuite(config)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        plan = plan_of(item, THREADS)
        if plan is not None:
            item.stash[ACTIVE_RUNNER] = ThreadRunner(plan)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        plan = plan_of(item, THREADS)
        if plan is None or not isinstance(item, (pytest.Function if not plan.one_worker else pytest.Item)):
            return (yield)
        original = item.runtest
        if plan.one_worker:
            alone = OneWorker(plan.one_worker, f"run on one worker: {plan.one_worker}")
            with self._on_one_worker(item, alone):
                return (yield)
        assert isinstance(item, pytest.Function)

        def stressed() -> None:
            __tracebackhide__ = True
            self._stress(item, plan, original)

        item.runtest = stressed  # type: ignore[method-assign]
        try:
            with relaxed(item):
                return (yield)
        finally:
            del item.runtest

    def _stress(self, item: pytest.Function, plan: Plan, runtest: Callable[[], None]) -> None:
        __tracebackhide__ = True
        alone = self._suite.one_worker(item, plan) if plan.implicit else None
        if alone is not None:
            with self._on_one_worker(item, alone):
                return runtest()
        stress = self._explored(item, plan, runtest)
        if stress.is_helper:
            return
        if plan.implicit:
            self._suite.used(item, time.monotonic() - stress.begun)
        exploration = stress.exploration
        plain = exploration.plain
        if plain is not None and is_no_verdict(plain):
            raise without_our_frames(plain)
        if (plain is not None or exploration.stopped) and plan.implicit and plan.settings.workers > 1:
            stress.program.start_afresh()
            with self._on_one_worker(item, too_slow(exploration.stopped) if plain is None else not_repeatable(plain)):
                return runtest()
        findings = self._findings(stress)
        failed = plain is not None or any(f.is_error for f in (*(finding for _, finding in findings), *stress.wasted))
        self._hand_in(stress, findings, "error" if exploration.stopped else "failed" if failed else "passed")
        if stress.replayed is None:
            self._memory.update(item, stress.remembered, exploration, (finding for _, finding in findings))
        self._raise(stress, findings)

    @contextlib.contextmanager
    def _on_one_worker(self, item: pytest.Item, why: OneWorker) -> Iterator[None]:
        """Run the block, which runs the test as if it were not stressed, and say why."""
        if self._config.getoption("skip_thread_unsafe", False):
            pytest.skip(why.note)
        begun = time.monotonic()
        outcome = "failed"
        try:
            yield
            outcome = "passed"
        except pytest.skip.Exception:
            outcome = "passed"
            raise
        finally:
            extra = (("one_worker", why.short),)
            seconds = time.monotonic() - begun
            hand_in(item, TestResult(item.nodeid, THREADS, outcome, 1, False, seconds, notes=(why.note,), extra=extra))

    def _explored(self, item: pytest.Function, plan: Plan, runtest: Callable[[], None]) -> _Stress:
        __tracebackhide__ = True
        settings = self._suite.settings(item, plan) if plan.implicit else plan.settings
        limit = timeout_of_other_plugin(item)
        if limit:
            settings = replace(settings, max_seconds=min(settings.max_seconds, SHARE_OF_TIMEOUT * limit))
        stress = _Stress(item, plan, settings, Program(item, plan, runtest), Accepted(item, settings))
        if plan.implicit:
            stress.dismissals = self._suite.dismissals(item, plan)
        if settings.replay is not None:
            stress.replayed = tokens.decode(settings.replay)
        stress.share = item.stash.get(SHARD, None)
        stress.remembered = [] if stress.is_helper else self._memory.of(item)
        area = Area(
            str(self._config.rootpath.resolve()), settings.include, self._other_tests(item) | files_of_strategies()
        )
        try:
            for attempt in range(3):
                self._explored_once(stress, runtest, Chooser(area), last=attempt == 2)
                if not stress.exploration.stale:
                    break
            if attempt and stress.exploration.plain is not None:
                stress.exploration.notes.append(
                    "only one run was judged: it passed, and the next one failed for what the modules that it imported "
                    f"keep ({stress.exploration.plain!r})"
                )
                stress.exploration.plain = None
            stress.program.close()
            if stress.share is not None:
                stress.share.end()
            if not stress.is_helper:
                with put_back():
                    self._run_freely(stress)
        finally:
            stress.program.forget_state()
        return stress

    def _explored_once(self, stress: _Stress, runtest: Callable[[], None], chooser: Chooser, last: bool) -> None:
        """Instrument what is loaded and explore; ``last``: go on with that even where the test imports more."""
        __tracebackhide__ = True
        item = stress.item
        with put_back(), unwinding_unlogged(), self._instrumenter.active(chooser, stress.plan.implicit) as stress.sites:
            loaded = chooser.modules()
            settled = last or is_hypothesis_test(item)
            stress.stale = (lambda: False) if settled else (lambda: not chooser.modules() <= loaded)
            stress.program.note_state(loaded, renew=not is_hypothesis_test(item))
            watchdog = Watchdog()
            watchdog.start()
            try:
                if is_hypothesis_test(item):
                    self._explore_examples(stress, runtest)
                else:
                    stress.exploration = self._explore(stress, stress.settings, stress.program.once)
            except BaseException as error:
                stress.exploration.schedules = stress.program.runs
                stress.exploration.notes.append(f"ended by {type(error).__name__} in schedule {stress.program.runs}")
                self._hand_in(stress, (), "error")
                stress.program.close()
                raise without_our_frames(error)
            finally:
                watchdog.stop()
                stress.outsiders.close()

    def _run_freely(self, stress: _Stress) -> None:
        """The free-running phase, where the controlled one found nothing and time is left."""
        exploration, settings = stress.exploration, stress.settings
        first = exploration.first
        if exploration.found or exploration.plain is not None or exploration.stopped or stress.replayed is not None:
            return
        if stress.plan.implicit:
            return  # such a run cannot tell the test's own doing from a fault of the code
        if first is None or first.external or exploration.unrepeatable or is_hypothesis_test(stress.item):
            return
        if first.virtual_seconds > MAX_VIRTUAL_SECONDS:
            exploration.notes.append("not run freely on real threads: the test sleeps or polls")
            return
        for interval in settings.switch_intervals:
            if time.monotonic() - stress.begun > FREE_SHARE * settings.max_seconds:
                if not exploration.cut_short:
                    exploration.cut_short = True
                    exploration.notes.append(
                        f"cut short by max_seconds={settings.max_seconds:g}: not run freely on real threads at every "
                        "switch interval"
                    )
                break
            result = stress.program.free(interval)
            if result.error is not None and is_no_verdict(result.error):
                continue
            if isinstance(result.error, Hung):
                exploration.cut_short = True
                exploration.notes.append(f"not judged on real threads at an interval of {interval:g} s: {result.error}")
                return
            if result.error is not None or result.unseen is not None:
                exploration.found.append(found_freely(result, exploration.schedules))
                return
        if not stress.plan.implicit and worth_asking(exploration, stress.program):
            found, row = wasted(stress.program, settings, self._config.rootpath)
            stress.wasted = tuple(marked(finding, self._config, stress.item.nodeid) for finding in found)
            stress.extra = tuple((row or {}).items())

    def _explore(self, stress: _Stress, settings: Settings, once: Callable[[Execution], Outcome]) -> Exploration:
        """Explore one program: replay, or try what is remembered and then look further."""
        explorer = Explorer(
            announced(stress.item, once),
            settings,
            stress.sites,
            stress.outsiders,
            stress.dismissals,
            stress.stale,
            stress.accepted,
            collects=stress.plan.via_fixture and not is_hypothesis_test(stress.item),
            share=stress.share,
        )
        if stress.replayed is None:
            known = [token.directives for _, token in stress.remembered]
            if not is_hypothesis_test(stress.item):
                explorer.progress = progress_for(self._config, settings.schedules, settings.max_seconds)
            try:
                exploration = explorer.explore(known)
            finally:
                if explorer.progress is not None:
                    explorer.progress.clear()
            if isinstance(stress.dismissals, OwnDoing):
                self._suite.judge(explorer, exploration, stress.dismissals, settings.seed)
            if self._detectors:
                stress.detected += self._detected(explorer, exploration, settings)
            return exploration
        exploration, replay = explorer.replay(stress.replayed.directives)
        note = _replay_note(exploration, len(stress.replayed.directives), len(replay.followed))
        exploration.notes.append(note)
        return exploration

    def _explore_examples(self, stress: _Stress, runtest: Callable[[], None]) -> None:
        """Let Hypothesis run the test, and explore each of its examples."""
        plan, program = stress.plan, stress.program
        clock = Clock(stress.settings.max_seconds)
        each = schedules_of_an_example(stress.settings.schedules)
        total = 0

        def explore(example: Callable[[], Any]) -> None:
            __tracebackhide__ = True
            nonlocal total

            def body(execution: Execution) -> None:
                if plan.via_fixture or plan.settings.workers == 0:
                    example()
                else:
                    program.on_all_workers(execution, example)

            def once(execution: Execution) -> Outcome:
                program.rewind()
                return program.controlled(execution, lambda: body(execution))

            settings = replace(stress.settings, schedules=each if clock.open() else 1, max_seconds=FOR_EVER)
            exploration = stress.exploration = self._explore(stress, settings, once)
            total += exploration.schedules
            findings = self._findings(stress)
            clock.failed = clock.failed or exploration.plain is not None or any(f.is_error for _, f in findings)
            self._raise(stress, findings)

        raised: BaseException | None = None
        with each_example(stress.item, explore):
            try:
                runtest()
            except (Exception, pytest.fail.Exception, pytest.skip.Exception, pytest.xfail.Exception) as error:
                raised = error
        exploration = stress.exploration
        exploration.schedules = total
        if raised is None:
            exploration.found.clear()
            exploration.suspected.clear()
            exploration.plain = None
        elif exploration.found:
            stress.raised = raised
        else:
            exploration.plain = raised
        if clock.skipped:
            exploration.cut_short = True
            exploration.notes.append(f"{clock.skipped} examples were run in serial order only: max_seconds was over")

    def _detected(self, explorer: Explorer, exploration: Exploration, settings: Settings) -> Iterator[Finding]:
        """Yield what the detectors of other plugins find in a serial run and in those that show a failure."""
        if exploration.plain is not None or exploration.stopped or exploration.stale:
            return
        for outcome in (explorer.again(Serial(), recording=True), *(found.outcome for found in exploration.found)):
            for detector in self._detectors:
                for finding in detector(outcome):
                    level = settings.severity(finding.code)
                    if level is not None:
                        yield replace(finding, severity=finding.severity or level)

    def _findings(self, stress: _Stress) -> tuple[tuple[Found | None, Finding], ...]:
        """Return what was found as findings, without those that settings or comments dismiss."""
        item = stress.item
        kept: list[tuple[Found | None, Finding]] = []
        width = width_of(self._config)
        for found in (*stress.exploration.found, *stress.exploration.suspected):
            level = stress.settings.severity(found.failure.code)
            if level is not None and not stress.dismissals(found.failure) and not stress.accepted.covers(found.failure):
                word = "" if found.free else tokens.make(item.nodeid, found.failure.code, found.directives)
                finding = explain(found, word, item.nodeid, self._config.rootpath, level, width)
                kept.append((found, marked(reviewed(item, finding), self._config, item.nodeid)))
        detected = (reviewed(item, finding) for finding in dict.fromkeys(stress.detected))
        kept += [(None, marked(finding, self._config, item.nodeid)) for finding in detected]
        return tuple(kept)

    def _hand_in(self, stress: _Stress, findings: Iterable[tuple[Found | None, Finding]], outcome: str) -> None:
        if stress.is_helper:
            return
        exploration = stress.exploration
        notes = [*exploration.notes, *stress.dismissals.notes, *self._memory.damage()]
        unproven = bool(stress.program.gave_up or stress.accepted.findings)
        if unproven:
            notes = [note for note in notes if not note.endswith("explored: no hazard")]
        if stress.program.gave_up:
            notes.append(f"{stress.program.gave_up} schedules ended in a skip and were not judged")
        extra: tuple[tuple[str, Any], ...] = ()
        if isinstance(stress.dismissals, OwnDoing) and stress.dismissals.reasons:
            extra = (("own_doing", stress.dismissals.reasons[0]),)
            notes += [f"no fault of the code under test: {reason}" for reason in stress.dismissals.reasons]
        hand_in(
            stress.item,
            TestResult(
                nodeid=stress.item.nodeid,
                runner=THREADS,
                outcome=outcome,
                schedules=exploration.schedules,
                exhaustive=exploration.exhaustive and not unproven,
                seconds=time.monotonic() - stress.begun,
                seed=stress.settings.seed,
                findings=(*(finding for _, finding in findings), *stress.accepted.findings, *stress.wasted),
                notes=tuple(notes),
                extra=(
                    *_extra(exploration, outcome == "passed" and stress.replayed is None, unproven),
                    *stress.extra,
                    *extra,
                ),
                reviewed=True,
            ),
        )

    def _raise(self, stress: _Stress, findings: Iterable[tuple[Found | None, Finding]]) -> None:
        """Fail the test with what was found, if anything was."""
        __tracebackhide__ = True
        exploration = stress.exploration
        if stress.raised is not None:
            notes = getattr(stress.raised, "__notes__", ())
            if isinstance(stress.raised, pytest.fail.Exception) and notes:
                pytest.fail("\n\n".join([str(stress.raised), "\n".join(notes)]), pytrace=False)
            raise without_our_frames(stress.raised)
        if exploration.plain is not None:
            raise without_our_frames(exploration.plain)
        if exploration.stopped:
            pytest.fail(f"{exploration.stopped}; raise timeout= if the code needs longer", pytrace=False)
        errors = [(found, finding) for found, finding in findings if finding.is_error]
        for found, _ in errors:
            if found is not None and found.outcome.error is not None:
                raise without_our_frames(found.outcome.error)
        details = [finding.detail or finding.message for _, finding in errors]
        details += [f"{f.code} {f.name}: {f.detail}" for f in stress.wasted if f.is_error]
        if details:
            pytest.fail("\n\n".join(details), pytrace=False)

    def _other_tests(self, item: pytest.Function) -> frozenset[str]:
        if self._test_modules is None:
            names = {
                other.module.__name__
                for other in getattr(item.session, "items", ())
                if isinstance(other, pytest.Function) and other.module is not None
            }
            self._test_modules = test_module_files(names)
        used = {getattr(value, "__file__", None) for value in vars(item.module).values()}
        return self._test_modules - {item.module.__file__} - used


def _extra(exploration: Exploration, passed: bool, unproven: bool) -> tuple[tuple[str, Any], ...]:
    """Return what the JSON report says of this carrier's tests beyond the common fields.

    The verdict on a test that passed is "proven" (every distinct interleaving was run), "explored" (the budget was used
    and no hazard found) or "cut short" (a limit was hit before); None for all others.
    """
    verdict = None
    if passed:
        verdict = "proven" if exploration.exhaustive and not unproven else "explored"
        if exploration.cut_short:
            verdict = "cut short"
    table = [outcome.to_json() for outcome in exploration.outcomes]
    return (("verdict", verdict), *((("outcomes", table),) if table else ()))


def _replay_note(exploration: Exploration, wanted: int, followed: int) -> str:
    if exploration.found:
        return "the replayed schedule fails as it did"
    if exploration.plain is not None:
        return "the test fails whatever the schedule"
    if followed < wanted:
        return f"the replayed schedule no longer applies: {followed} of its {wanted} switches could be followed"
    return "the replayed schedule no longer fails"
