"""What other plugins allow a test."""

from __future__ import annotations

from typing import Any

import pytest


def timeout_of_other_plugin(item: pytest.Function) -> float:
    """Return the seconds that pytest-timeout allows ``item``, 0 where it allows any or is not there."""
    if not item.config.pluginmanager.hasplugin("timeout"):
        return 0.0
    mark = item.get_closest_marker("timeout")
    candidates: list[Any] = []
    if mark is not None:
        candidates.append(mark.args[0] if mark.args else mark.kwargs.get("timeout"))
    candidates.append(getattr(item.config, "_env_timeout", None))  # what the plugin made of option, env and ini
    for value in candidates:
        try:
            seconds = float(value) if value is not None else 0.0
        except (TypeError, ValueError):
            continue
        if seconds > 0:
            return seconds
    return 0.0
