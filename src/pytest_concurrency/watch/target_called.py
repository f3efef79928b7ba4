"""CH402: the function was called where it should have been passed."""

from __future__ import annotations

from ..model import Finding
from .judging import Context, explain
from .record import Record


def find(record: Record, context: Context) -> list[Finding]:
    """Return one finding for each line on which a call's result, not callable, was given as a target."""
    findings = []
    for called in dict.fromkeys(record.called):
        message = (
            f"{called.what} was given {called.value}, the result of {called.expression}: "
            f"{called.callee} ran in the parent and the child has nothing to run"
        )
        arguments = called.expression[len(called.callee) :]
        keyword = called.what if called.what == "target" else "the function"
        detail = explain(
            f"{called.site}: {called.site.text}",
            f"    {called.expression}   <- the parentheses {arguments} call it here",
            f"    pass it instead: {keyword} {called.callee}, its arguments as args=(...)",
            code="CH402",
        )
        location = called.site.location("call", called.expression, called.value, context.worker)
        findings.append(Finding("CH402", message, detail, locations=(location,)))
    return findings
