"""Marks that say on how many workers a test runs: our own, and those of pytest-run-parallel."""

from __future__ import annotations

from typing import Any

import pytest


def workers_of(item: pytest.Item, workers: int) -> tuple[int, str]:
    """Return on how many workers ``item`` runs where ``workers`` are asked for, and why on one where a mark says so."""
    unsafe = item.get_closest_marker("thread_unsafe")
    if unsafe is not None:
        reason = unsafe.kwargs.get("reason") or (unsafe.args[0] if unsafe.args else "")
        return 1, f"it is marked thread_unsafe{f': {reason}' if reason else ''}"
    limit = _number(item, "parallel_threads_limit")
    wanted = _number(item, "force_parallel_threads") or min(
        _number(item, "parallel_threads") or workers, limit or workers
    )
    if wanted == 1 and workers > 1:
        return 1, "it is marked to run on one thread"
    return wanted, ""


def _number(item: pytest.Item, name: str) -> int | None:
    mark = item.get_closest_marker(name)
    if mark is None:
        return None
    value: Any = mark.args[0] if mark.args else mark.kwargs.get("n")
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    if value == "auto":
        return None
    raise pytest.UsageError(f"{item.nodeid}: {name}: n={value!r} is not a whole number of at least 1.")
