"""CH404: something that had to travel to another process could not be pickled."""

from __future__ import annotations

from dataclasses import replace

from ..model import Finding
from .judging import Context, explain
from .record import PickleFailed, Record, TaskFailed


def find(record: Record, context: Context) -> list[Finding]:
    """Return a finding for each item that was lost, or whose error is what the body failed with.

    An error that the code under test was told of and dealt with is none.
    """
    unseen = [task for task in record.failed if not task.seen]
    findings: dict[tuple[str, str], Finding] = {}
    found: list[tuple[PickleFailed, bool]] = []
    for entry in record.unpicklable:
        lost = entry.lost or any(_is_of(entry, task) for task in unseen)
        told = entry.arrived and any(_is_of(entry, task) and _fails_the_test(task, context) for task in record.failed)
        if lost or told or context.raised(entry.exception) or _same_text(entry, context.error):
            found.append((_placed(entry, record), lost))
    placed = {(entry.culprit, entry.error) for entry, _ in found if entry.site.path}
    for entry, lost in found:
        if entry.site.path or (entry.culprit, entry.error) not in placed:  # else another part of the same task
            findings.setdefault((str(entry.site), entry.culprit), _finding(entry, lost, context))
    for task in record.failed:
        if is_of_result(task) and (context.raised(task.error) or not task.seen):
            given = PickleFailed(task.site, "the result of a task", *_result(task))
            findings.setdefault((str(task.site), task.what), _finding(given, False, context))
    return list(findings.values())


def is_of_result(task: TaskFailed) -> bool:
    """Say whether the result of a task, and not the task, has failed: it could not be pickled."""
    return type(task.error).__qualname__ == "MaybeEncodingError" or "in _sendback_result\n" in task.trace


def _is_of(entry: PickleFailed, task: TaskFailed) -> bool:
    """Say whether ``task`` failed because of ``entry``; what could not be rebuilt is told as a text by an executor."""
    return task.error is entry.exception or (entry.arrived and bool(task.trace) and entry.error in task.trace)


def _fails_the_test(task: TaskFailed, context: Context) -> bool:
    """Say whether the body has raised the error of ``task``, or failed an assert that shows it."""
    shown = isinstance(context.error, AssertionError) and type(task.error).__name__ in str(context.error)
    return shown or context.raised(task.error)


def _result(task: TaskFailed) -> tuple[str, str]:
    """Return the result that could not be pickled, and why; a pool tells both, an executor the reason alone."""
    value, reason = getattr(task.error, "value", None), getattr(task.error, "exc", None)
    if isinstance(value, str) and isinstance(reason, str):
        return value, reason
    return f"the result of {task.what}", f"{type(task.error).__name__}: {task.error}"


def _placed(entry: PickleFailed, record: Record) -> PickleFailed:
    """Return ``entry`` with the line that gave the task to its pool: a thread of the pool has tried to pickle it."""
    if entry.site.path:
        return entry
    sites = (task.site for task in record.failed if _is_of(entry, task))
    return replace(entry, site=next(sites, entry.site))


def _same_text(entry: PickleFailed, error: BaseException | None) -> bool:
    return (
        error is not None
        and entry.exception is not None
        and type(error) is type(entry.exception)
        and str(error) == str(entry.exception)
    )


def _finding(entry: PickleFailed, lost: bool, context: Context) -> Finding:
    if entry.arrived:
        end = "; the pool's own thread died of it, and no result of this pool will ever come" if entry.lost else ""
        message = f"{entry.carrier} was pickled and could not be rebuilt here: {entry.culprit}: {entry.error}{end}"
    else:
        end = "; it was dropped and nobody was told" if lost else ""
        message = f"{entry.carrier} could not be pickled at {entry.site}: {entry.culprit}: {entry.error}{end}"
    rows = [
        f"{entry.site}: {entry.site.text}",
        f"what cannot travel: {entry.culprit}",
        f"the reason: {entry.error}",
    ]
    if entry.arrived and entry.culprit.startswith("the exception"):
        rows.append(
            "an exception is rebuilt by calling its class with what was given to super().__init__(): give it all the "
            "arguments of __init__, or define __reduce__"
        )
    location = entry.site.location("send", entry.culprit, entry.error, context.worker)
    return Finding("CH404", message, explain(*rows, code="CH404"), locations=(location,))
