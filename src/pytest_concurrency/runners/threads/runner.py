"""The ``thread_runner`` fixture."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from ...explore.outcomes import FORBIDDEN, ForbiddenOutcome, described, judged
from ...options import THREADS
from ...runtime.control import uncontrolled
from ...runtime.execution import Execution
from ...runtime.lifecycle import run_callables
from ...runtime.pool import ThreadPool
from ...state import STATE
from ..base import Plan, bind, expand, gather
from .free_run import run_together


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
        """Run the callables at once, each on a thread of its own; see :class:`..base.WorkerRunner`."""
        __tracebackhide__ = True
        bodies = expand(callables, workers, self._plan.settings.workers, THREADS)
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
        self,
        value: object,
        *,
        acceptable: Collection[object] | None = None,
        forbidden: Collection[object] | None = None,
    ) -> None:
        """Note ``value`` as what this schedule gave, for the table of outcomes; equal reprs are one outcome.

        With ``acceptable`` any other value fails the test, a value in ``forbidden`` always does.
        """
        __tracebackhide__ = True
        for name, given in (("acceptable", acceptable), ("forbidden", forbidden)):
            if given is not None and (isinstance(given, (str, bytes)) or not isinstance(given, Collection)):
                raise TypeError(f"{name}={given!r} is not a collection of outcomes; write [{given!r}] for a single one")
        with uncontrolled():
            text, verdict = described(value), judged(value, acceptable, forbidden or ())
        if self.execution is not None:
            self.execution.values.append((text, verdict))
        if verdict == FORBIDDEN:
            raise ForbiddenOutcome(f"the outcome {text} is forbidden")

    def map(
        self, function: Callable[[Any], Any], iterable: Iterable[Any], return_exceptions: bool = False
    ) -> list[Any]:
        """Run ``function(item)`` for every item, each on a thread of its own; results in order."""
        __tracebackhide__ = True
        bodies = bind(function, iterable, THREADS)
        if not bodies:
            return []
        return self.run(*bodies, workers=len(bodies), return_exceptions=return_exceptions)
