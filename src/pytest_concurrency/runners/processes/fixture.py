"""The runner behind the fixture ``process_runner``."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import pytest

from ...detect.failures import RAISED_AT
from ...model import Finding
from ...options import PROCESSES
from ...settings import Settings
from ...watch.judging import chain
from ..base import bind, expand, gather, root_of
from .outcome import DIED, HUNG, RAISED, RETURNED, Outcome, RemoteError, WorkerDied, WorkerHung
from .start import start_method
from .team import run_team, show_output


class Controlled(Protocol):
    """What runs the workers while schedules are explored."""

    def team(self, calls: list[tuple[Callable[..., Any], dict[str, Any]]]) -> list[Outcome]:
        """Run each call in a worker of its own and return how each ended."""
        ...


class ProcessRunner:
    """See :class:`pytest_concurrency.runners.base.WorkerRunner`; each worker is a process of its own."""

    def __init__(self, item: pytest.Function, settings: Settings) -> None:
        self._item = item
        self._settings = settings
        self._findings: list[tuple[Finding, BaseException]] = []
        self._lost: list[Finding] = []
        self.notes: list[str] = []
        self.controlled: Controlled | None = None

    def run(
        self, *callables: Callable[[], Any], workers: int | None = None, return_exceptions: bool = False
    ) -> list[Any]:
        """Run the callables at once, each in a process of its own; see the protocol for the arguments.

        Raise what a worker raised, :class:`WorkerDied` or :class:`WorkerHung` where it did not come to an end, and
        TypeError where a callable or a result cannot be pickled.
        """
        __tracebackhide__ = True
        functions = expand(callables, workers, self._settings.workers, PROCESSES)
        return self._team(functions, return_exceptions)

    def map(
        self, function: Callable[[Any], Any], iterable: Iterable[Any], return_exceptions: bool = False
    ) -> list[Any]:
        """Run ``function(item)`` for every item, each in a process of its own; results in order."""
        __tracebackhide__ = True
        calls = bind(function, iterable, PROCESSES)
        return self._team(calls, return_exceptions) if calls else []

    def _team(self, functions: tuple[Callable[[], Any], ...], return_exceptions: bool) -> list[Any]:
        settings = self._settings
        if self.controlled is not None:
            outcomes = self.controlled.team([(function, {}) for function in functions])
            return self._gathered(outcomes, "fork", return_exceptions)
        chosen = start_method(settings, [(function, {}) for function in functions], root_of(self._item))
        self.notes += [note for note in chosen.notes if note not in self.notes]
        if chosen.unpicklable:
            self._unpicklable(chosen.unpicklable)
        outcomes, lost = run_team(
            chosen.calls, method=chosen.method, item=self._item, timeout=settings.timeout, redirect=True
        )
        self._lost += lost
        show_output(outcomes)
        return self._gathered(outcomes, chosen.method, return_exceptions)

    def _gathered(self, outcomes: list[Outcome], method: str, return_exceptions: bool) -> list[Any]:
        values: list[Any] = []
        errors: list[BaseException | None] = []
        for outcome in outcomes:
            error = self._error(outcome, method)
            errors.append(error)
            values.append(_value(outcome) if error is None else None)
        return gather(values, errors, return_exceptions)

    def forget(self) -> None:
        """Forget what has been found: the next repeat begins."""
        self._findings.clear()
        self._lost.clear()

    def findings_for(self, error: BaseException | None) -> tuple[Finding, ...]:
        """Return what was found that the test failed with; an error that it expected is none."""
        causes = chain(error)
        expected = (f for f, raised in self._findings if any(raised is cause for cause in causes))
        return (*self._lost, *expected)

    def _found(self, code: str, message: str, error: BaseException, detail: str = "") -> BaseException:
        self._findings.append((Finding(code, message, detail), error))
        return error

    def _unpicklable(self, culprit: str) -> None:
        message = f"what the workers need cannot be pickled: {culprit}"
        raise self._found("CH404", message, TypeError(message))

    def _error(self, outcome: Outcome, method: str) -> BaseException | None:
        where = f"in worker {outcome.index} (process {outcome.pid}, {method})"
        report = outcome.report
        if outcome.status == HUNG:
            text = outcome.describe(self._settings.timeout)
            hung = WorkerHung(text)
            message = f"worker {outcome.index} did not end in {self._settings.timeout:g} s"
            return hung if outcome.moving else self._found("CH409", message, hung, text)
        if outcome.status == DIED or report is None:
            return WorkerDied(outcome.describe(self._settings.timeout))
        if outcome.status == RETURNED:
            if report.unpicklable:
                message = f"{where} the result cannot be pickled: {report.unpicklable}"
                return self._found("CH404", message, TypeError(message))
            return None
        error: BaseException
        if report.exception is not None:
            error = pickle.loads(report.exception)
        else:
            error = RemoteError(report.summary)
        if self.controlled is not None:
            setattr(error, RAISED_AT, outcome.raised_at)
        if outcome.status == RAISED:
            error.add_note(f"\n{where}:\n{report.text}")
        return error


def _value(outcome: Outcome) -> Any:
    report = outcome.report
    return pickle.loads(report.value) if report is not None and report.value is not None else None


__all__ = ["ProcessRunner"]
