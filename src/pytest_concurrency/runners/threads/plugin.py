"""The pytest plugin of the thread carrier: it stresses the tests that are planned for threads."""

from __future__ import annotations

import contextlib
import types
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key

from ...extensions import detectors, files_of_strategies
from ...instrument.activation import Instrumenter
from ...instrument.cache import Cache
from ...instrument.scope import Area, Chooser, load_lazy_modules, source_files
from ...model import TestResult
from ...options import THREADS
from ...primitives.dispatch import BUILTINS, HOOKS, LIBRARY, SUBSTITUTES
from ...realtime import RealTime
from ...runtime.watchdog import Watchdog
from ...schedules import token as tokens
from ..accepted import Accepted
from ..base import ACTIVE_RUNNER, Plan, hand_in, plan_of, root_of
from ..errors import is_no_verdict, without_our_frames
from ..memory import Memory
from ..other_plugins import timeout_of_other_plugin
from ..subtests import raising_subtests
from ..whole_suite.session import OneWorker, WholeSuite, not_passed, too_slow
from .examples import is_hypothesis_test, relaxed
from .exploring import explore_examples, explore_program, run_freely
from .interpreter import steady, unwinding_unlogged
from .program import Program
from .runner import ThreadRunner
from .shards import SHARD
from .stress import Stress
from .verdict import findings_of, hand_in_result, raise_what_was_found

SHARE_OF_TIMEOUT = 0.5
"""Part of pytest-timeout's time that exploring may use."""


class ThreadsPlugin:
    """Runs the items that are planned for threads."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._cache = Cache()
        self._instrumenter = Instrumenter(
            HOOKS, SUBSTITUTES, BUILTINS, self._cache, library=LIBRARY, stand_ins=SUBSTITUTES
        )
        self._memory = Memory(config)
        self._detectors = detectors(config)
        self._test_modules: frozenset[str] | None = None
        self._known: Chooser | None = None
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
        with raising_subtests(item):
            stress = self._explored(item, plan, runtest)
        if stress.is_helper:
            return
        if plan.implicit:
            self._suite.used(item, RealTime.monotonic() - stress.begun)
        exploration = stress.exploration
        plain = exploration.plain
        if plain is not None and is_no_verdict(plain):
            raise without_our_frames(plain)
        if _is_to_run_alone(stress):
            passed = stress.program.first_passed
            why = too_slow(exploration.stopped) if plain is None else not_passed(plain, passed)
            with self._on_one_worker(item, why):
                try:
                    return stress.program.alone()
                except (Exception, pytest.fail.Exception):
                    if plain is None or not passed:
                        raise
                    return None  # it has passed when it was run for the first time; what it was given is used up
        findings = findings_of(stress)
        failed = plain is not None or any(f.is_error for f in (*(finding for _, finding in findings), *stress.wasted))
        hand_in_result(stress, findings, "error" if exploration.stopped else "failed" if failed else "passed")
        if stress.replayed is None:
            self._memory.update(item, stress.remembered, exploration, (finding for _, finding in findings))
        raise_what_was_found(stress, findings)

    @contextlib.contextmanager
    def _on_one_worker(self, item: pytest.Item, why: OneWorker) -> Iterator[None]:
        """Run the block, which runs the test as if it were not stressed, and say why."""
        if self._config.getoption("skip_thread_unsafe", False):
            pytest.skip(why.note)
        begun = RealTime.monotonic()
        outcome = "failed"
        try:
            yield
            outcome = "passed"
        except pytest.skip.Exception:
            outcome = "passed"
            raise
        finally:
            extra = (("one_worker", why.short),)
            seconds = RealTime.monotonic() - begun
            hand_in(item, TestResult(item.nodeid, THREADS, outcome, 1, False, seconds, notes=(why.note,), extra=extra))

    def _explored(self, item: pytest.Function, plan: Plan, runtest: Callable[[], None]) -> Stress:
        __tracebackhide__ = True
        settings = self._suite.settings(item, plan) if plan.implicit else plan.settings
        limit = timeout_of_other_plugin(item)
        if limit:
            settings = replace(settings, max_seconds=min(settings.max_seconds, SHARE_OF_TIMEOUT * limit))
        stress = Stress(
            item,
            plan,
            settings,
            Program(item, plan, runtest),
            Accepted(item, settings),
            self._memory,
            self._suite,
            self._detectors,
        )
        if plan.implicit:
            stress.dismissals = self._suite.dismissals(item, plan)
        if settings.replay is not None:
            stress.replayed = tokens.decode(settings.replay)
        stress.share = item.stash.get(SHARD, None)
        stress.remembered = [] if stress.is_helper else self._memory.of(item)
        area = Area(root_of(item), settings.include, self._other_tests(item) | files_of_strategies())
        try:
            for attempt in range(3):
                self._explored_once(stress, runtest, self._chooser(area), last=attempt == 2)
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
                with steady():
                    run_freely(stress)
            if _is_to_run_alone(stress):
                stress.program.start_afresh()
        finally:
            stress.program.close()  # made ready before anything could fail
            stress.program.forget_state()
        return stress

    def _chooser(self, area: Area) -> Chooser:
        """Return what knows the area, the same from test to test of a module: it remembers what it was asked."""
        if self._known is None or self._known.area != area:
            self._known = Chooser(area)
        return self._known

    def _explored_once(self, stress: Stress, runtest: Callable[[], None], chooser: Chooser, last: bool) -> None:
        """Instrument what is loaded and explore; ``last``: go on with that even where the test imports more."""
        __tracebackhide__ = True
        item = stress.item
        stress.program.prepare()
        load_lazy_modules()
        with steady(), unwinding_unlogged(), self._instrumenter.active(chooser, stress.plan.implicit) as stress.sites:
            loaded, library = chooser.modules(), chooser.library()
            if not (last or is_hypothesis_test(item)):
                stress.stale = lambda: not (chooser.modules() <= loaded and chooser.library() <= library)
            else:
                stress.stale = lambda: False
            stress.program.note_state(loaded, renew=not is_hypothesis_test(item))
            watchdog = Watchdog(item.config.stash.get(fault_handler_stderr_fd_key, None))
            watchdog.start()
            try:
                if is_hypothesis_test(item):
                    explore_examples(stress, runtest)
                else:
                    stress.exploration = explore_program(stress, stress.settings, stress.program.once)
            except BaseException as error:
                stress.exploration.schedules = stress.program.runs
                stress.exploration.notes.append(f"ended by {type(error).__name__} in schedule {stress.program.runs}")
                hand_in_result(stress, (), "error")
                raise without_our_frames(error)
            finally:
                watchdog.stop()
                stress.outsiders.close()

    def _other_tests(self, item: pytest.Function) -> frozenset[str]:
        if self._test_modules is None:
            names = {
                other.module.__name__
                for other in getattr(item.session, "items", ())
                if isinstance(other, pytest.Function) and other.module is not None
            }
            self._test_modules = source_files(names)
        held = [value for value in vars(item.module).values() if issubclass(type(value), types.ModuleType)]
        used = {getattr(module, "__file__", None) for module in held}
        return self._test_modules - {item.module.__file__} - used


def _is_to_run_alone(stress: Stress) -> bool:
    """Say whether a test of a whole suite has not been stressed: it is not made to be run so, or takes too long."""
    if not stress.plan.implicit or stress.plan.settings.workers <= 1 or stress.is_helper:
        return False
    plain = stress.exploration.plain
    return bool(stress.exploration.stopped) if plain is None else not is_no_verdict(plain)
