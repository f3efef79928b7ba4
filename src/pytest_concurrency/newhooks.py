"""Hooks that other plugins may implement. ``docs/extending.md`` has an example of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .hazards import Hazard
    from .model import Finding, TestResult
    from .strategies.base import Strategy
    from .trace.outcome import Outcome


@pytest.hookspec
def pytest_concurrency_hazards() -> Iterable[Hazard]:  # type: ignore[empty-body]
    """Return hazards to add to the catalogue, for findings of your own; a code must not be taken yet."""


@pytest.hookspec(firstresult=True)
def pytest_concurrency_hazard(item: pytest.Item, finding: Finding) -> Finding | None:
    """Called for each hazard that was found, before the verdict on threads: return a changed finding (another
    severity, another message) or None to leave it as it is."""


@pytest.hookspec
def pytest_concurrency_strategies() -> Mapping[str, Callable[[int], Strategy]]:  # type: ignore[empty-body]
    """Return strategies by name: ``name -> factory(seed)``; the names can be used as ``strategy=`` and on the command
    line."""


@pytest.hookspec
def pytest_concurrency_detectors() -> Iterable[Callable[[Outcome], Iterable[Finding]]]:  # type: ignore[empty-body]
    """Return detectors: functions of one recorded run (``outcome.rows`` has what happened) that return findings.

    They see the serial run of each stressed test, and the run that shows a failure. Threads only.
    """


@pytest.hookspec
def pytest_concurrency_reporters() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Return reporters by kind: ``kind -> callable(results: list[dict], path: str | None, config) -> None``."""


@pytest.hookspec
def pytest_concurrency_schedule_started(item: pytest.Item, number: int, strategy: str) -> None:
    """Called before each schedule of a test on threads, with its number and the name of what chooses it."""


@pytest.hookspec
def pytest_concurrency_schedule_finished(item: pytest.Item, number: int, outcome: Outcome) -> None:
    """Called after each schedule of a test on threads, with how it ended."""


@pytest.hookspec
def pytest_concurrency_result(item: pytest.Item, result: TestResult) -> None:
    """Called once for each stressed test with all that was found."""
