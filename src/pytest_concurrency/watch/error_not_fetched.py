"""CH403: a task of a pool failed and nobody looked at it."""

from __future__ import annotations

from ..model import Finding
from .judging import Context, explain
from .not_picklable import is_of_result
from .record import Record, TaskFailed


def find(record: Record, context: Context) -> list[Finding]:
    """Return one finding for each line whose tasks failed unseen.

    A task counts as seen where its result, exception or success was asked for, an ``error_callback`` was given, or the
    same error of another task of the same call was seen. What cannot be pickled is CH404's.
    """
    unpicklable = [entry.exception for entry in record.unpicklable]
    unseen: dict[tuple[object, str], list[TaskFailed]] = {}
    for task in record.failed:
        alike = [t for t in record.failed if _kin(t, task)]
        if any(t.seen or context.raised(t.error) for t in alike):
            continue
        if any(task.error is error for error in unpicklable) or is_of_result(task):
            continue
        unseen.setdefault((task.site, type(task.error).__name__), []).append(task)
    return [_finding(tasks, context) for tasks in unseen.values()]


def _kin(one: TaskFailed, other: TaskFailed) -> bool:
    if one is other or one.owner == other.owner:
        return True
    # A pool that broke tells every task that waits; to hear it once is enough.
    return one.error is other.error or (
        type(one.error) is type(other.error) and type(one.error).__name__.startswith("Broken")
    )


def _finding(tasks: list[TaskFailed], context: Context) -> Finding:
    first = tasks[0]
    text = f"{type(first.error).__name__}: {first.error}"
    many = f"{len(tasks)} tasks" if len(tasks) > 1 else "a task"
    message = f"{many} given to the pool at {first.site} failed with {text}, and nobody fetched the result"
    trace = first.trace.strip().strip('"').strip()
    rows = [f"{first.site}: {first.what}"]
    if trace:
        rows.append("in the child process:\n" + trace)
    location = first.site.location("submit", first.what, text, context.worker)
    return Finding("CH403", message, explain(*rows, code="CH403"), locations=(location,))
