"""Hooks that other plugins may implement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .model import Finding, TestResult


@pytest.hookspec(firstresult=True)
def pytest_concurrency_hazard(item: pytest.Item, finding: Finding) -> Finding | None:
    """Return a changed finding (another severity, another message) or None to leave it as it is."""


@pytest.hookspec
def pytest_concurrency_reporters() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Return reporters by kind: ``kind -> callable(results: list[dict], path: str | None, config) -> None``."""


@pytest.hookspec
def pytest_concurrency_result(item: pytest.Item, result: TestResult) -> None:
    """Called once for each stressed test with all that was found."""
