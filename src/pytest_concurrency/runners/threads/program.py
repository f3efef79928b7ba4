"""A test item as a program that can be run again and again, each time from the same state."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import gc
import math
import random
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.outcomes import OutcomeException

from ...detect.failures import failures_of
from ...options import PER_WORKER
from ...realtime import RealTime
from ...runtime.execution import Execution
from ...runtime.lifecycle import run_callables
from ...runtime.pool import ThreadPool
from ...runtime.processor import OneProcessor
from ...runtime.worker import Abandon
from ...state import STATE
from ...trace.outcome import Outcome
from ...watch.deadline import Deadline
from ..afresh import (
    begin_again,
    clear,
    forget_output,
    is_renewed,
    set_up,
    tear_down,
    tear_down_judged,
    tear_down_quietly,
    without_fixtures,
)
from ..base import ACTIVE_RUNNER, Plan
from ..errors import first_error, is_for_the_session, is_no_verdict
from ..rewind import REWIND, Rewind, forget_state, rewind, values_from_outside
from ..whole_suite.per_worker import PerWorker
from .free_run import FreeRun, Hung, free_run, run_together, switch_interval
from .interpreter import thread_starts

if TYPE_CHECKING:
    from ...parallelism.model import Measurement

LIKELY_WORKERS = 3
"""So many threads are made ready for a test that says only while it runs how many it needs."""
COLLECT_EVERY = 50
"""Runs between two collections of young garbage; the collector is off during a run."""

CONFIRMATIONS = 3
"""Runs on the main thread that an error of a free run has to show itself again."""


class _Measured(BaseException):
    """Ends the run of a test whose workers have been measured."""


class Program:
    """One test as a program. ``runtest`` calls the test function once in pytest's own way.

    ``runs`` counts the runs, ``gave_up`` those that ended in a skip although the first did not. ``first_passed`` says
    whether the first worker of the first run passed; ``busy_seconds`` is the processor time of the shortest run.
    """

    def __init__(self, item: pytest.Function, plan: Plan, runtest: Callable[[], None]) -> None:
        self._item = item
        self._plan = plan
        self._runtest = runtest
        self._pool = ThreadPool()
        self._processor = OneProcessor()
        self.runs = 0
        settings = plan.settings
        own = settings.fixtures == PER_WORKER and settings.workers > 1 and not plan.via_fixture
        self._per_worker = PerWorker(item, settings.workers) if own and is_renewed(item) else None
        self._starts_threads = False  # its fixtures do
        self._failed = False
        self.first_passed = False
        self.gave_up = 0
        self.busy_seconds = math.inf

    def note_state(self, modules: Iterable[str], renew: bool = True) -> None:
        """Note what ``modules`` and fixtures of wider scope hold now, before any run, to start each run from it.

        Function-scoped fixtures may change it in their set-up and change it back afterwards, so it is noted without
        them; not so with ``renew=False``, where they are set up but once.
        """
        item = self._item

        def note() -> None:
            item.stash[REWIND] = Rewind(modules, values_from_outside(item))

        rewind(item)
        if renew:
            with thread_starts() as started:
                without_fixtures(item, note)
            self._starts_threads = bool(started) and self._per_worker is None and not self._plan.implicit
            if self._starts_threads:  # they are to be controlled from their start to their end
                tear_down_quietly(item)
        else:
            note()

    def rewind(self) -> None:
        """Put the noted state back."""
        rewind(self._item)

    def forget_state(self) -> None:
        """Hold on to nothing of the program."""
        forget_state(self._item)

    def prepare(self) -> None:
        """Make ready what runs need; to be called before the code is instrumented."""
        plan = self._plan
        if plan.via_fixture or plan.settings.workers:
            self._processor.take()  # threads stay where they were started
            self._pool.prepare(LIKELY_WORKERS if plan.via_fixture else plan.settings.workers)

    def once(self, execution: Execution) -> Outcome:
        """Set the test up afresh and run it under ``execution``.

        Threads that its fixtures start belong to the test: they are controlled from their start to their end. Not so
        where all tests of a suite are stressed: there what a fixture leaves running is not what was asked about.
        """
        if self._starts_threads:
            clear(self._item)
            forget_output(self._item)
            outcome = self.controlled(execution, lambda: self._whole(execution))
            if outcome.external:  # such threads come along better by themselves
                self._starts_threads = False
            return outcome
        if self.runs:
            self.start_afresh()
        if self._per_worker is not None:
            try:
                self._per_worker.set_up()
            except (Exception, OutcomeException) as error:
                if is_for_the_session(error):
                    raise
                self.runs += 1
                return Outcome(execution.number, 0, (), 0, error=error)
        outcome = self.controlled(execution, lambda: self._with_its_end(execution))
        return self._torn_down(outcome) if self._per_worker is None and is_renewed(self._item) else outcome

    def _torn_down(self, outcome: Outcome) -> Outcome:
        """Tear the fixtures down after a run that passed: what one of them then finds amiss is a failure of that run.

        After one that failed they stay, for all who look into a failure.
        """
        self._failed = bool(failures_of(outcome))
        if not self._failed:
            try:
                tear_down_judged(self._item)
            except (Exception, OutcomeException) as error:
                if is_for_the_session(error):
                    raise
                return replace(outcome, error=error, failed_at=outcome.steps)
        return outcome

    def controlled(self, execution: Execution, body: Callable[[], object]) -> Outcome:
        """Run ``body`` under ``execution``; an exception that is no failure of the program does not count as one.

        What it sets in the context (:mod:`contextvars`) is gone with the run; fixtures are set up in
        pytest's.
        """
        self.runs += 1
        if self.runs % COLLECT_EVERY == 0:
            gc.collect(1)
        random.seed(self._plan.settings.seed)
        runner: Any = self._item.stash[ACTIVE_RUNNER]
        runner.execution = execution
        runner.pool = self._pool
        seen = threading.excepthook

        def note_unseen(args: Any, /) -> None:
            worker = STATE.worker
            if args.exc_value is None or worker is None or execution.aborting:
                return  # what a thread does that is being unwound is no fault of its own
            if not isinstance(args.exc_value, (SystemExit, Abandon)):
                execution.unseen.append((worker.path, args.exc_value))

        threading.excepthook = note_unseen
        self._processor.take()
        begun = RealTime.process_time()
        try:
            outcome = execution.run(functools.partial(contextvars.copy_context().run, body))
        finally:
            self._note_busy(begun)
            threading.excepthook = seen
            runner.execution = runner.pool = None
            self._pool.after_run(execution.uses_thread_locals)
        error = outcome.error
        if error is not None and is_for_the_session(error):
            raise error
        if error is not None and execution.number > 1 and is_no_verdict(error):
            self.gave_up += 1
            return replace(outcome, error=None)
        return outcome

    def free(self, interval: float) -> FreeRun:
        """Set the test up afresh and run it on real threads at the given switch interval (seconds).

        The body is not on the main thread there, which some code cannot bear (signals, sqlite3 connections): an error
        counts only where it comes on the main thread, too.
        """
        result = self._free_once(interval, host=free_run)
        if result.error is None or isinstance(result.error, Hung):
            return result
        for _ in range(CONFIRMATIONS):
            again = self._free_once(interval, host=_free_run_here)
            if again.error is not None and type(again.error) is type(result.error):
                return again
        return replace(result, error=None)

    def _free_once(self, interval: float, host: Callable[[float, Callable[[], None], float], FreeRun]) -> FreeRun:
        self._processor.let_go()
        self.start_afresh()
        if self._per_worker is not None:
            self._per_worker.set_up()
        self.runs += 1
        random.seed(self._plan.settings.seed)
        runner: Any = self._item.stash[ACTIVE_RUNNER]
        timeout = self._plan.settings.timeout
        runner.free_timeout = timeout
        begun = RealTime.process_time()
        try:
            return host(interval, self._free_body, timeout)
        finally:
            runner.free_timeout = None
            self._note_busy(begun)

    def _note_busy(self, begun: float) -> None:
        self.busy_seconds = min(self.busy_seconds, RealTime.process_time() - begun)

    def measured(self, max_seconds: float) -> Measurement | None:
        """Set the test up afresh and measure its workers alone and together; None where it starts none.

        Its bodies are run many times. What they leave in the fixtures is no test's doing: these are torn down without a
        word, and the test is run once more as it is, for fixtures that look at what it has done.
        """
        try:
            return self._measured(max_seconds)
        finally:
            self._failed = True
            self._free_once(sys.getswitchinterval(), host=free_run)

    def _measured(self, max_seconds: float) -> Measurement | None:
        from ...parallelism.measure import measure
        from ...parallelism.own import measure_own

        self._processor.let_go()
        self.start_afresh()
        runner: Any = self._item.stash[ACTIVE_RUNNER]
        timeout = self._plan.settings.timeout
        results: list[Measurement] = []

        def instead(bodies: Sequence[Callable[[], object]]) -> None:
            results.append(measure(bodies, max_seconds=max_seconds, limit=timeout))
            raise _Measured

        if self._plan.settings.workers == 0 and not self._plan.via_fixture:
            return measure_own(self._run_item, max_seconds=max_seconds, limit=timeout).measurement
        runner.measure = instead
        try:
            self._body_on(instead)
        except (Exception, OutcomeException, _Measured) as error:
            if is_for_the_session(error):
                raise
        finally:
            runner.measure = None
        return results[0] if results else None

    def _free_body(self) -> None:
        def together(bodies: Sequence[Callable[[], Any]]) -> None:
            outcomes = run_together(bodies, self._plan.settings.timeout)
            error = first_error([error for _, error in outcomes])
            if error is not None:
                raise error

        self._body_on(together)

    def on_all_workers(self, execution: Execution, function: Callable[[], Any]) -> None:
        """Run ``function`` in every worker of the plan and raise the first error of any."""
        self._at_once(execution, [function] * self._plan.settings.workers)

    def _at_once(self, execution: Execution, bodies: Sequence[Callable[[], Any]]) -> None:
        children = run_callables(execution, execution.main, bodies, self._pool)
        if self.runs == 1:  # the workers of the first run go one after the other
            self.first_passed = children[0].error is None
        error = first_error([child.error for child in children])
        if error is not None:
            raise error

    def _body(self, execution: Execution) -> None:
        self._body_on(lambda bodies: self._at_once(execution, bodies))

    def _with_its_end(self, execution: Execution) -> None:
        """Run the body; threads that it leaves behind are for the fixtures to end, which is part of the run then."""
        self._body(execution)
        left = any(not (w.done or w.daemon or w is execution.main) for w in execution.workers)
        if left and not execution.aborting and is_renewed(self._item):
            tear_down(self._item)

    def _whole(self, execution: Execution) -> None:
        """Set the test up, run it and tear it down."""
        try:
            try:
                set_up(self._item)
                self._body(execution)
            except (Exception, OutcomeException):
                with contextlib.suppress(Exception, OutcomeException):
                    tear_down(self._item)
                raise
            tear_down(self._item)
        except BaseException:
            if execution.aborting:  # pytest gathers what fixtures raise while they are torn down
                raise Abandon from None
            raise

    def _body_on(self, together: Callable[[Sequence[Callable[[], Any]]], None]) -> None:
        """Run the test, its body through ``together`` where the body is what every worker runs."""
        if self._plan.via_fixture or self._plan.settings.workers == 0:
            self._run_item()
            return
        original = self._item.obj

        def stressed(*args: Any, **kwargs: Any) -> Any:
            coroutines: list[Any] = []

            def noting(call: Callable[[], Any]) -> Callable[[], None]:
                def body() -> None:
                    result = call()
                    if hasattr(result, "__await__"):
                        coroutines.append(result)

                return body

            if self._per_worker is None:
                together([noting(lambda: original(*args, **kwargs))] * self._plan.settings.workers)
            else:
                with self._per_worker.ready():
                    together([noting(call) for call in self._per_worker.bodies(original, kwargs)])
            return next(iter(coroutines), None)  # pytest fails a test that gives one

        functools.update_wrapper(stressed, original)  # unittest looks for its marks on the method
        self._item.obj = stressed
        try:
            self._run_item()
        finally:
            self._item.obj = original

    def _run_item(self) -> None:
        self._runtest()
        noted = getattr(self._item, "_excinfo", None)  # where a unittest.TestCase puts what it has caught
        if noted:
            errors = [info.value for info in noted]
            noted.clear()
            raise next((error for error in errors if isinstance(error, Abandon)), errors[0])

    def alone(self) -> None:
        """Run the test as if it were not stressed."""
        self._run_item()

    def start_afresh(self) -> None:
        """Tear function-scoped fixtures down and set them up again, from the same state as before the first run."""
        if self._failed:  # and has been judged
            tear_down_quietly(self._item)
            self._failed = False
        begin_again(self._item)

    def close(self) -> None:
        """End the threads of the pool, and let go of the processor."""
        self._pool.close()
        self._processor.close()


def _free_run_here(interval: float, body: Callable[[], None], timeout: float) -> FreeRun:
    """As :func:`free_run`, with the body on the calling thread."""

    def hung(text: str) -> BaseException:
        return pytest.fail.Exception(f"on the main thread the run did not end: {text}")

    try:
        with switch_interval(interval), Deadline(timeout, lambda frame, passed: passed >= timeout, hung):
            contextvars.copy_context().run(body)
    except (Exception, OutcomeException) as error:
        if is_for_the_session(error):
            raise
        return FreeRun(interval, error)
    return FreeRun(interval)
