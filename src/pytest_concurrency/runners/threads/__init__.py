"""Thread tests: controlled threads run them under many schedules. :mod:`.plugin` is where pytest comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def create_plugin(config: pytest.Config) -> object:
    """Return the pytest plugin of the thread carrier."""
    from .plugin import ThreadsPlugin

    return ThreadsPlugin(config)
