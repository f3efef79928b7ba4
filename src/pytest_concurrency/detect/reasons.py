"""Causes and fixes that the recorded rows of a failure tell better than its kind does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..trace.outcome import Blocked, Row
from ..trace.workers import TEST

NOT_AWAITED = (
    "The test looks at what a worker that it has started has not done yet.",
    "Wait for it first: join the thread, take the result of its future, or wait for what it sets.",
)
CHANGED_AGAIN = (
    "A worker was notified and looked again when what it waits for had changed once more: it waits for ever.",
    "Let what is waited for stay true until all who wait have seen it: count rounds and wait for the next one, as "
    "threading.Barrier does. Where a notification is for one of them, bring as many as wait.",
)
LOOKING = frozenset({"read", "call", "wait", "wait_for"})
"""What a worker does in a loop around a wait that changes nothing."""
CONDITIONS = frozenset({"Condition.wait", "Condition.wait_for"})


def not_awaited(rows: Sequence[Row]) -> bool:
    """Say whether the test, which failed after its last row, had looked at what a worker touched only afterwards, and
    then changed."""
    last = max((i for i, row in enumerate(rows) if row.worker == TEST), default=-1)
    late = [row for row in rows[last + 1 :] if row.action == "write" and row.location is not None]
    if last < 0 or not late:
        return False
    looked = next((row for row in reversed(rows[: last + 1]) if row.worker == TEST and row.location is not None
                   and row.location in {other.location for other in late}), None)  # fmt: skip
    if looked is None or looked.action != "read":
        return False
    before = {row.worker for row in rows[: last + 1] if row.location == looked.location}
    return any(row.location == looked.location and row.worker not in before for row in late)


def changed_again(rows: Sequence[Row], blocked: Sequence[Blocked]) -> bool:
    """Say whether one of the ``blocked`` has looked twice in its wait at what others changed several times between."""
    return any(_looked_too_late(rows, wait.worker) for wait in blocked if wait.operation in CONDITIONS)


def _looked_too_late(rows: Sequence[Row], worker: str) -> bool:
    newer: dict[tuple[Any, ...], int] = {}
    for at in reversed(range(len(rows))):
        row = rows[at]
        if row.worker != worker:
            continue
        if row.action not in LOOKING:
            return False
        look = row.path, row.line, row.location  # a loop's condition may be there twice, as two sites
        if row.action == "read" and look in newer:
            between = rows[at : newer[look]]
            if sum(other.location == row.location and other.action == "write" for other in between) > 1:
                return True
        newer[look] = at
    return False
