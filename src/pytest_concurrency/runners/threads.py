"""The thread carrier: stressed tests on controlled threads."""

from __future__ import annotations

import contextlib
import gc
import random
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest.tmpdir import tmppath_result_key

from ..explore.pipeline import Exploration, Explorer, Found
from ..instrument.activation import Cache, Instrumenter
from ..instrument.scope import Area, Chooser, test_module_files
from ..model import Finding, TestResult
from ..primitives.dispatch import BUILTINS, HOOKS, SUBSTITUTES
from ..report.lanes import explain
from ..runtime.execution import Execution
from ..runtime.pool import ThreadPool
from ..runtime.state import STATE
from ..runtime.trace import Outcome
from ..runtime.watchdog import Watchdog
from ..schedules import token as tokens
from ..schedules.database import FailureDatabase
from ..settings import THREADS
from .base import ACTIVE_RUNNER, Plan, expand, gather, hand_in, plan_of


def create_plugin(config: pytest.Config) -> ThreadsPlugin:
    """Return the pytest plugin of the thread carrier."""
    return ThreadsPlugin(config)


class ConcurrencyError(Exception):
    """A hazard that was demonstrated; its text is the report."""


class ThreadRunner:
    """The ``thread_runner`` fixture: runs callables as workers of the current schedule."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.execution: Execution | None = None
        self.pool: ThreadPool | None = None

    def run(
        self, *callables: Callable[[], Any], workers: int | None = None, return_exceptions: bool = False
    ) -> list[Any]:
        """Run the callables at once, each on a thread of its own; see :class:`.base.WorkerRunner`."""
        __tracebackhide__ = True
        bodies = expand(callables, workers, self._plan.settings.workers)
        if self.execution is None or self.pool is None:
            raise RuntimeError("thread_runner.run() works inside the test function only")
        if STATE.worker is None or threading.get_ident() != self.execution.main.ident:
            raise RuntimeError("thread_runner.run() must be called from the test function's own thread")
        children = self.execution.run_callables(self.execution.main, bodies, self.pool)
        return gather([w.result for w in children], [w.error for w in children], return_exceptions)

    def map(
        self, function: Callable[[Any], Any], iterable: Iterable[Any], return_exceptions: bool = False
    ) -> list[Any]:
        """Run ``function(item)`` for every item, each on a thread of its own; results in order."""
        __tracebackhide__ = True

        def bind(item: Any) -> Callable[[], Any]:
            return lambda: function(item)

        bodies = [bind(item) for item in iterable]
        return self.run(*bodies, return_exceptions=return_exceptions) if bodies else []


class ThreadsPlugin:
    """Runs the items that are planned for threads."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._cache = Cache()
        self._instrumenter = Instrumenter(HOOKS, SUBSTITUTES, BUILTINS, self._cache)
        directory: Path | None = None
        cache = getattr(config, "cache", None)
        if cache is not None:
            directory = Path(cache.mkdir("concurrency"))
        self._database = FailureDatabase(directory)
        self._test_modules: frozenset[str] | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        plan = plan_of(item, THREADS)
        if plan is not None:
            item.stash[ACTIVE_RUNNER] = ThreadRunner(plan)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        plan = plan_of(item, THREADS)
        if plan is None or not isinstance(item, pytest.Function):
            return (yield)
        original = item.runtest

        def stressed() -> None:
            __tracebackhide__ = True
            self._stress(item, plan, original)

        item.runtest = stressed  # type: ignore[method-assign]
        try:
            return (yield)
        finally:
            del item.runtest  # type: ignore[method-assign]

    def _stress(self, item: pytest.Function, plan: Plan, runtest: Callable[[], None]) -> None:
        __tracebackhide__ = True
        begun = time.monotonic()
        settings = plan.settings
        replayed = self._replayed(item, settings.replay)
        area = Area(str(self._config.rootpath.resolve()), settings.include, self._other_tests(item))
        with self._prepared(), self._instrumenter.active(Chooser(area)) as sites:
            program = _Program(item, plan, runtest)
            watchdog = Watchdog()
            watchdog.start()
            explorer = Explorer(program.once, settings, sites, frozenset(sys._current_frames()))
            try:
                if replayed is not None:
                    exploration, replay = explorer.replay(replayed.directives)
                    exploration.notes.append(_replay_note(exploration, len(replayed.directives), len(replay.followed)))
                else:
                    exploration = explorer.explore(self._remembered(item))
            finally:
                watchdog.stop()
                program.close()
        findings = tuple(self._finding(item, found, settings.severity) for found in exploration.found)
        findings = tuple(f for f in findings if f is not None)
        if self._database.damaged:
            exploration.notes.append(self._database.damaged)
            self._database.damaged = ""
        failed = exploration.plain is not None or any(f.is_error for f in findings)
        hand_in(
            item,
            TestResult(
                nodeid=item.nodeid,
                runner=THREADS,
                outcome="error" if exploration.stopped else "failed" if failed else "passed",
                schedules=exploration.schedules,
                exhaustive=exploration.exhaustive,
                seconds=time.monotonic() - begun,
                seed=settings.seed,
                findings=findings,
                notes=tuple(exploration.notes),
            ),
        )
        for finding in findings:
            if finding.is_error and finding.replay and replayed is None:
                self._database.remember(item.nodeid, finding.replay)
        self._raise(exploration, findings)

    def _raise(self, exploration: Exploration, findings: tuple[Finding, ...]) -> None:
        __tracebackhide__ = True
        if exploration.plain is not None:
            raise _without_our_frames(exploration.plain)
        if exploration.stopped:
            pytest.fail(f"{exploration.stopped}; raise timeout= if the code needs longer", pytrace=False)
        for found, finding in zip(exploration.found, findings, strict=False):
            error = found.outcome.error
            if finding.is_error and error is not None:
                raise _without_our_frames(error)
        errors = [finding for finding in findings if finding.is_error]
        if errors:
            pytest.fail("\n\n".join(finding.detail for finding in errors), pytrace=False)

    def _finding(self, item: pytest.Function, found: Found, severity: Callable[[str], str | None]) -> Finding | None:
        level = severity(found.failure.code)
        if level is None:
            return None
        word = tokens.make(item.nodeid, found.failure.code, found.directives)
        return explain(found, word, item.nodeid, self._config.rootpath, level)

    def _remembered(self, item: pytest.Item) -> list[tuple[Any, ...]]:
        schedules = []
        for word in self._database.tokens(item.nodeid):
            with contextlib.suppress(tokens.BadToken):
                schedules.append(tokens.decode(word).directives)
        return schedules

    def _replayed(self, item: pytest.Item, word: str | None) -> tokens.Token | None:
        if word is None:
            return None
        try:
            token = tokens.decode(word)
        except tokens.BadToken as error:
            pytest.fail(f"--concurrency-replay: {error}.", pytrace=False)
        if token.test != tokens.test_digest(item.nodeid):
            pytest.fail(
                f"--concurrency-replay: the token was made for another test than {item.nodeid}.", pytrace=False
            )
        return token

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

    @contextlib.contextmanager
    def _prepared(self) -> Iterator[None]:
        """Put the interpreter into a state that does not vary from run to run, and put it back."""
        interval = sys.getswitchinterval()
        hook = threading.excepthook
        state = random.getstate()
        collecting = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if collecting:
                gc.enable()
            random.setstate(state)
            threading.excepthook = hook
            sys.setswitchinterval(interval)


def _replay_note(exploration: Exploration, wanted: int, followed: int) -> str:
    if exploration.found:
        return "the replayed schedule fails as it did"
    if followed < wanted:
        return f"the replayed schedule no longer applies: {followed} of its {wanted} switches could be followed"
    return "the replayed schedule no longer fails"


class _Program:
    """One test as a program that can be run again and again from the same state."""

    def __init__(self, item: pytest.Function, plan: Plan, runtest: Callable[[], None]) -> None:
        self._item = item
        self._plan = plan
        self._runtest = runtest
        self._pool = ThreadPool()
        self._runs = 0
        self._fresh_fixtures = _has_function_fixtures(item)

    def once(self, execution: Execution) -> Outcome:
        """Set the test up and run it under ``execution``."""
        if self._runs and self._fresh_fixtures:
            self._reset()
        self._runs += 1
        if self._runs % 50 == 0:
            gc.collect(1)
        random.seed(self._plan.settings.seed)
        runner = self._item.stash[ACTIVE_RUNNER]
        if isinstance(runner, ThreadRunner):
            runner.execution = execution
            runner.pool = self._pool
        seen = threading.excepthook

        def note_unseen(args: Any, /) -> None:
            worker = STATE.worker
            if args.exc_type is not SystemExit and args.exc_value is not None and worker is not None:
                if type(args.exc_value).__name__ != "Abandon":
                    execution.unseen.append((worker.path, args.exc_value))

        threading.excepthook = note_unseen
        try:
            return execution.run(lambda: self._body(execution))
        finally:
            threading.excepthook = seen
            self._pool.after_run(execution.uses_thread_locals)

    def _body(self, execution: Execution) -> None:
        item, workers = self._item, self._plan.settings.workers
        if self._plan.via_fixture or workers == 0:
            self._runtest()
            return
        original = item.obj
        pool = self._pool

        def on_all_workers(*args: Any, **kwargs: Any) -> None:
            children = execution.run_callables(execution.main, [lambda: original(*args, **kwargs)] * workers, pool)
            gather([w.result for w in children], [w.error for w in children], False)

        with _replaced(item, on_all_workers):
            self._runtest()

    def _reset(self) -> None:
        """Tear the function-scoped fixtures down and set them up again."""
        item = self._item
        item.stash.setdefault(tmppath_result_key, {})  # tmp_path looks there when it is torn down
        state = item.session._setupstate
        state.teardown_exact(item.parent)  # type: ignore[arg-type]
        item._initrequest()
        state.setup(item)

    def close(self) -> None:
        """End the threads of the pool."""
        self._pool.close()


@contextlib.contextmanager
def _replaced(item: pytest.Function, function: Callable[..., Any]) -> Iterator[None]:
    """Let ``item`` call ``function`` instead of the test function; a TestCase looks the method up on its instance."""
    instance = getattr(item, "instance", None)
    if type(item).__name__ == "TestCaseFunction" and instance is not None:
        setattr(instance, item.originalname or item.name, function)
        try:
            yield
        finally:
            delattr(instance, item.originalname or item.name)
        return
    original = item.obj
    item.obj = function
    try:
        yield
    finally:
        item.obj = original


def _has_function_fixtures(item: pytest.Function) -> bool:
    info = item._fixtureinfo
    for name in info.names_closure:
        for definition in info.name2fixturedefs.get(name, ())[-1:]:
            if definition.scope == "function" and name not in ("request", "thread_runner"):
                return True
    return False


def _without_our_frames(error: BaseException) -> BaseException:
    """Return ``error`` with the frames of this package taken out of its traceback."""
    kept = []
    step = error.__traceback__
    while step is not None:
        if "/pytest_concurrency/" not in step.tb_frame.f_code.co_filename.replace("\\", "/"):
            kept.append(step)
        step = step.tb_next
    chain = None
    for entry in reversed(kept):
        chain = type(entry)(chain, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return error.with_traceback(chain)
