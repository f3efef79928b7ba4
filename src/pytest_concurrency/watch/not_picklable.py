"""CH404: something that had to travel to another process could not be pickled."""

from __future__ import annotations

from ..model import Finding
from .judging import Context, explain
from .record import PickleFailed, Record


def find(record: Record, context: Context) -> list[Finding]:
    """Return a finding for each item that was lost, or whose error is what the body failed with.

    An error that the code under test was told of and dealt with is none.
    """
    unseen = [task for task in record.failed if not task.seen]
    findings: dict[tuple[str, str], Finding] = {}
    for entry in record.unpicklable:
        lost = entry.lost or any(task.error is entry.exception for task in unseen)
        if lost or context.raised(entry.exception) or _same_text(entry, context.error):
            findings.setdefault((str(entry.site), entry.culprit), _finding(entry, lost, context))
    return list(findings.values())


def _same_text(entry: PickleFailed, error: BaseException | None) -> bool:
    return (
        error is not None
        and entry.exception is not None
        and type(error) is type(entry.exception)
        and str(error) == str(entry.exception)
    )


def _finding(entry: PickleFailed, lost: bool, context: Context) -> Finding:
    end = "; it was dropped and nobody was told" if lost else ""
    message = f"{entry.carrier} could not be pickled at {entry.site}: {entry.culprit}: {entry.error}{end}"
    rows = [
        f"{entry.site}: {entry.site.text}",
        f"what cannot travel: {entry.culprit}",
        f"the reason: {entry.error}",
    ]
    location = entry.site.location("send", entry.culprit, entry.error, context.worker)
    return Finding("CH404", message, explain(*rows, code="CH404"), locations=(location,))
