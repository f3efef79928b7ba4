"""The carrier "processes": the same body in several processes at once, and a watch over what a test starts itself."""

from __future__ import annotations

import pytest

from .plugin import ProcessPlugin


def create_plugin(config: pytest.Config) -> ProcessPlugin:
    """Return the plugin object that runs the tests planned for processes."""
    return ProcessPlugin(config)


__all__ = ["ProcessPlugin", "create_plugin"]
