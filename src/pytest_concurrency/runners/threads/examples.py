"""Hypothesis tests: every generated example is stressed by itself, with a few schedules.

Hypothesis generates and shrinks as always; in place of the function under ``@given`` (the documented hook
``test.hypothesis.inner_test``) stands one that explores it. An example has to give the same verdict each time
Hypothesis tries it, so the number of schedules of an example is fixed and no clock cuts one short once something
has failed.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ...realtime import RealTime

FEWEST = 4
EXAMPLES_EXPECTED = 25
"""The budget of ``schedules`` is spread over so many examples."""


def is_hypothesis_test(item: pytest.Function) -> bool:
    """Say whether ``item`` is a function under ``@given``."""
    return "hypothesis" in sys.modules and bool(getattr(item.obj, "is_hypothesis_test", False))


def schedules_of_an_example(schedules: int) -> int:
    """Return how many schedules each example gets of a budget of ``schedules``."""
    return min(schedules, max(FEWEST, schedules // EXAMPLES_EXPECTED))


@contextlib.contextmanager
def relaxed(item: pytest.Function) -> Iterator[None]:
    """Take back, for the length of the block, what Hypothesis checks of a test and cannot hold here: the deadline of
    one example (it has several schedules), and that ``thread_runner`` is a function-scoped fixture."""
    function: Any = getattr(item.obj, "__func__", item.obj)
    current = getattr(function, "_hypothesis_internal_use_settings", None)
    if not is_hypothesis_test(item) or current is None:
        yield
        return
    from hypothesis import HealthCheck, Phase, settings

    suppressed = set(current.suppress_health_check)
    if "thread_runner" in item._fixtureinfo.argnames:
        suppressed.add(HealthCheck.function_scoped_fixture)
    function._hypothesis_internal_use_settings = settings(
        parent=current,
        deadline=None,
        suppress_health_check=suppressed,
        phases=[phase for phase in current.phases if phase is not Phase.explain],  # it would explain our lines
    )
    try:
        yield
    finally:
        function._hypothesis_internal_use_settings = current


class Clock:
    """Says whether another example may still be explored; once something has failed always."""

    def __init__(self, seconds: float) -> None:
        self._end = RealTime.monotonic() + seconds
        self.failed = False
        self.skipped = 0

    def open(self) -> bool:
        if self.failed or RealTime.monotonic() < self._end:
            return True
        self.skipped += 1
        return False


@contextlib.contextmanager
def each_example(item: pytest.Function, explore: Callable[[Callable[[], Any]], None]) -> Iterator[None]:
    """Let Hypothesis call ``explore(example)`` for each example instead of the example."""
    handle: Any = getattr(item.obj, "__func__", item.obj).hypothesis
    inner = handle.inner_test

    @functools.wraps(inner)
    def explored(*args: Any, **kwargs: Any) -> None:
        __tracebackhide__ = True
        explore(_in_this_example(lambda: inner(*args, **kwargs)))

    handle.inner_test = explored
    try:
        yield
    finally:
        handle.inner_test = inner


def _in_this_example(function: Callable[[], Any]) -> Callable[[], Any]:
    """Let ``function`` call ``assume``, ``note`` and ``event`` on any thread: Hypothesis goes by the thread."""
    from hypothesis import control

    variable: Any = getattr(control, "_current_build_context", None)
    if variable is None:
        return function
    example = variable.value

    def run() -> Any:
        with variable.with_value(example):
            return function()

    return run
