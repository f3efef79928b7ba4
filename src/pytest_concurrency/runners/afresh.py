"""What one run of a test leaves in pytest and the next one must not find."""

from __future__ import annotations

import types
from typing import Any

import pytest
from _pytest.logging import caplog_handler_key


def forget_output(item: pytest.Item) -> None:
    """Forget what the last run of ``item`` printed and logged."""
    handler = item.stash.get(caplog_handler_key, None)
    if handler is not None:
        handler.clear()
    shown: Any = getattr(item.config.pluginmanager.getplugin("logging-plugin"), "report_handler", None)
    if shown is not None:
        shown.reset()
    manager: Any = item.config.pluginmanager.getplugin("capturemanager")
    if manager is not None and manager.is_globally_capturing():
        manager.read_global_capture()


def new_instance(item: pytest.Function) -> None:
    """Let ``item`` make a new instance of its class, as pytest gives each test one."""
    old = item.__dict__.pop("_instance", None)
    bound = item.__dict__.get("_obj")
    if old is not None and isinstance(bound, types.MethodType) and bound.__self__ is old:
        item.obj = types.MethodType(bound.__func__, item.instance)
