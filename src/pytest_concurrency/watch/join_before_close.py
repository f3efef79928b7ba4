"""CH406: Pool.join() on a pool that still takes tasks."""

from __future__ import annotations

from ..model import Finding
from .judging import Context, explain
from .record import Record


def find(record: Record, context: Context) -> list[Finding]:
    """Return a finding where the body failed because of it; a test that expects the error is right."""
    findings = []
    for joined in record.joined_open:
        if context.raised(joined.exception):
            message = f"join() was called at {joined.site} before close() or terminate()"
            detail = explain(f"{joined.site}: {joined.site.text}", code="CH406")
            location = joined.site.location("join", "Pool", "open", context.worker)
            findings.append(Finding("CH406", message, detail, locations=(location,)))
    return findings[:1]
