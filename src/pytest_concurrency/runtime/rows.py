"""Rows of a recorded run: what a worker did, and whether a GIL build surely could switch threads right before."""

from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING, Any

from ..instrument.deferred import outer
from ..instrument.sites import Site
from ..trace.outcome import Row
from .worker import Worker

if TYPE_CHECKING:
    from .execution import Execution


def note(
    run: Execution, worker: Worker, site: Site, action: str, target: str, value: str, loc: Any, kept: Any = ...
) -> Row:
    """Make the row of what ``worker`` does now, and keep it where the run is recorded."""
    reachable = run.rows is None or _reachable(worker, site)
    row = Row(worker.path, site.path, site.line, action, target, value, site.key, run.steps, loc, reachable, kept)
    if run.rows is not None:
        run.rows.append(row)
    return row


def _depth() -> int:
    frame: types.FrameType | None = sys._getframe(1)
    depth = 0
    while frame is not None:
        depth += 1
        frame = outer(frame)
    return depth


def _reachable(worker: Worker, site: Site) -> bool:
    """Say whether a GIL build surely may switch threads between the worker's previous access of something shared and
    this row: what it did to things of its own meanwhile does not matter to others."""
    reachable = _may_switch(worker, site) or worker.switchable
    worker.switchable = reachable and not site.group
    return reachable


def _may_switch(worker: Worker, site: Site) -> bool:
    """Say whether a GIL build surely may switch threads between the worker's previous row and this one."""
    previous, depth_before = worker.last_site, worker.last_depth
    depth = _depth()
    worker.last_site, worker.last_depth = site, depth
    if previous is None or site.function is None or previous.function is None:
        return True
    if depth > depth_before:
        return True
    if depth < depth_before:
        return any(point > previous.offset for point in previous.function.safepoints)
    if site.function is not previous.function or site.offset <= previous.offset:
        return True
    return any(previous.offset < point < site.offset for point in site.function.safepoints)
