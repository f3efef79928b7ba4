"""CH408: processes that were still running when the test had ended."""

from __future__ import annotations

import os

from ..model import Finding
from .judging import Context, explain
from .queue_not_drained import hands_over
from .record import NOWHERE, Record
from .tree import command_of


def find(record: Record, context: Context) -> list[Finding]:
    """Return one finding for each process left running, and for each forked child that ran on out of the test."""
    findings = []
    for orphan in record.orphans:
        if hands_over(orphan.stack):
            continue  # CH407's
        where = f", started at {orphan.site}" if orphan.site is not NOWHERE else f", a child of process {orphan.parent}"
        pid = "" if str(orphan.pid) in orphan.name else f" (pid {orphan.pid})"
        message = f"{orphan.name}{pid}{where}, was still running when the test ended and was killed"
        rows = [f"{orphan.site}: {orphan.site.text}"] if orphan.site.path else []
        if orphan.command != command_of(os.getpid()):  # a forked process shows its parent's
            rows.append(f"command: {orphan.command}")
        if orphan.stack:
            rows.append(f"its stack:\n{orphan.stack.rstrip()}")
        locations = (orphan.site.location("start", orphan.name, "", context.worker),) if orphan.site.path else ()
        findings.append(Finding("CH408", message, explain(*rows, code="CH408"), locations=locations))
    for stray in record.strays[:1]:
        message = "a forked child ran on past the end of the test's body: it has to end with os._exit()"
        findings.append(Finding("CH408", message, explain(stray.rstrip(), code="CH408")))
    return findings
