"""What keeps a test from being run on several threads as it stands, and what other plugins allow it."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from typing import Any

import pytest

UNSAFE_FIXTURES = (
    "capsys", "capsysbinary", "capfd", "capfdbinary", "caplog", "monkeypatch", "recwarn", "pytester", "testdir",
    "tmp_path", "tmpdir", "mocker", "record_property", "record_xml_attribute", "record_testsuite_property", "subtests",
)  # fmt: skip
"""Fixtures that change or watch the state of the whole process, or a directory that the workers would share."""
UNSAFE_CALLS = ("warns", "deprecated_call", "catch_warnings", "redirect_stdout", "redirect_stderr", "chdir", "patch")
"""Calls that replace state of the whole process for a while; workers that do so at once undo it for each other."""


def reason_for_one_worker(item: pytest.Function) -> str:
    """Return what in ``item`` is not made for several threads ("the fixture capsys"), or "" where nothing is known."""
    for name in item._fixtureinfo.names_closure:
        if name in UNSAFE_FIXTURES:
            return f"the fixture {name}"
    function = inspect.unwrap(getattr(item.obj, "__func__", item.obj))
    if isinstance(function, types.FunctionType):
        names = {name for code in _codes(function.__code__) for name in code.co_names}
        for name in UNSAFE_CALLS:
            if name in names:
                return f"{name}()"
    if hasattr(item.obj, "patchings"):
        return "mock.patch"
    return ""


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from _codes(const)


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
