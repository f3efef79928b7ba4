"""What every carrier offers: a plan for a test, a runner fixture, and one way to hand in a result.

A carrier is ``runners/<kind>`` with a function ``create_plugin(config)`` that returns a pytest plugin object. That is
registered only when a test of that kind was collected, and acts only on items whose plan has that kind; a session
without such tests never imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import pytest

from .. import project
from ..model import RESULT, TestResult
from ..settings import Settings, too_many


@dataclass(frozen=True, slots=True)
class Plan:
    """How one collected test is to be stressed.

    ``via_fixture``: the test asks for the runner fixture and is re-run as a whole; otherwise its body is the worker.
    ``implicit``: not marked, stressed because of ``--stress-threads``; ``one_worker`` says why it is not, where a mark
    or the kind of test says so.
    """

    kind: str
    settings: Settings
    via_fixture: bool
    implicit: bool = False
    one_worker: str = ""


PLAN: pytest.StashKey[Plan] = pytest.StashKey()
ACTIVE_RUNNER: pytest.StashKey[WorkerRunner] = pytest.StashKey()


class WorkerRunner(Protocol):
    """What the fixtures ``thread_runner``, ``process_runner`` and ``greenlet_runner`` give to a test."""

    def run(
        self, *callables: Callable[[], Any], workers: int | None = None, return_exceptions: bool = False
    ) -> list[Any]:
        """Run the callables at once, each in a worker of its own, and return their results in order.

        One callable and ``workers=N`` (or the plan's workers): it runs N times at once. An exception in a worker
        is raised here (several: an ExceptionGroup), or stands in its place with ``return_exceptions``.
        """
        ...

    def map(
        self, function: Callable[[Any], Any], iterable: Iterable[Any], return_exceptions: bool = False
    ) -> list[Any]:
        """Run ``function(item)`` for every item, each in a worker of its own; results in order."""
        ...


def root_of(item: pytest.Item) -> str:
    """Return the directory of the project that ``item`` belongs to: rootdir, where that holds the test. It does not
    where an ini-file that lies elsewhere was given by ``-c``: then it is the directory that pytest was started in."""
    config = item.config
    return project.root_of(str(item.path), str(config.rootpath), str(config.invocation_params.dir))


def plan_of(item: pytest.Item, kind: str) -> Plan | None:
    """Return the plan of ``item`` if it is to be stressed on carrier ``kind``, else None."""
    plan = item.stash.get(PLAN, None)
    return plan if plan is not None and plan.kind == kind else None


def hand_in(item: pytest.Item, result: TestResult) -> None:
    """Attach the result to the item; the sink of results puts it into the test's report."""
    item.stash[RESULT] = result


def expand(
    callables: tuple[Callable[[], Any], ...], workers: int | None, default_workers: int, kind: str
) -> tuple[Callable[[], Any], ...]:
    """Return one callable a worker, as the contract of :meth:`WorkerRunner.run` says; raise ValueError or TypeError."""
    __tracebackhide__ = True
    if not callables:
        raise TypeError("run() needs at least one callable")
    for function in callables:
        if not callable(function):
            raise TypeError(f"run() takes callables, not {function!r}: pass the function, do not call it")
    if workers is not None and (not isinstance(workers, int) or isinstance(workers, bool) or workers < 1):
        raise ValueError(f"workers={workers!r} is not a whole number of at least 1")
    single = len(callables) == 1
    many = (workers if workers is not None else max(1, default_workers)) if single else len(callables)
    _refuse_too_many(kind, many)
    if single:
        return callables * many
    if workers is not None and workers != len(callables):
        raise ValueError(f"workers={workers} does not go with {len(callables)} callables")
    return callables


def _refuse_too_many(kind: str, workers: int) -> None:
    __tracebackhide__ = True
    if (sentence := too_many(kind, workers)) is not None:
        raise ValueError(f"workers={sentence}")


def bind(function: Callable[[Any], Any], iterable: Iterable[Any], kind: str) -> tuple[Callable[[], Any], ...]:
    """Return one callable an item, as the contract of :meth:`WorkerRunner.map` says; raise ValueError or TypeError."""
    __tracebackhide__ = True
    if not callable(function):
        raise TypeError(f"map() takes a function, not {function!r}: pass the function, do not call it")
    calls = tuple(partial(function, item) for item in iterable)
    _refuse_too_many(kind, len(calls))
    return calls


def gather(results: list[Any], errors: list[BaseException | None], return_exceptions: bool) -> list[Any]:
    """Combine results and errors, one a worker: return the list, or raise what :meth:`WorkerRunner.run` promises."""
    raised = [error for error in errors if error is not None]
    if return_exceptions:
        return [error if error is not None else value for value, error in zip(results, errors, strict=True)]
    if len(raised) == 1:
        raise raised[0]
    if raised:
        if all(isinstance(error, Exception) for error in raised):
            raise ExceptionGroup("several workers failed", raised)  # type: ignore[type-var]
        raise BaseExceptionGroup("several workers failed", raised)
    return results
