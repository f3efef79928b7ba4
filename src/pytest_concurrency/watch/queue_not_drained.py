"""CH407: a process was joined while its queue still had items to hand over."""

from __future__ import annotations

import re

from ..model import Finding, Location
from .judging import Context, explain
from .record import Record, Stuck


def find(record: Record, context: Context) -> list[Finding]:
    """Return a finding where the body hangs in a join and a child hangs in handing over the items of a queue.

    A child that is still handing over when the test has ended (joined with a time-out, say) is one too.
    """
    feeding = [stuck for stuck in record.stuck if hands_over(stuck.stack)]
    joins = [stuck for stuck in record.stuck if stuck.is_body and ", in join" in stuck.stack]
    if feeding and joins:
        return [_finding(feeding, joins[0], record, context)]
    late = [Stuck(o.pid, o.name, o.stack) for o in record.orphans if hands_over(o.stack)]
    return [_finding(late, None, record, context)] if late else []


def hands_over(stack: str) -> bool:
    """Return whether a process with this stack waits at its end for a queue's feeder thread."""
    return "queues.py" in stack and "in _finalize_join" in stack


def _finding(feeding: list[Stuck], body: Stuck | None, record: Record, context: Context) -> Finding:
    names = ", ".join(stuck.name for stuck in feeding)
    sites = {entry.pid: entry.site for entry in record.started}
    locations: list[Location] = []
    where = ""
    if body is not None:
        match = last_own_line(body.stack, context.rootdir)
        if match:
            where = f" at {match[0]}:{match[1]}"
            locations.append(Location(match[0], match[1], context.worker, "join", names))
    for stuck in feeding:
        site = sites.get(stuck.pid)
        if site is not None and site.path:
            locations.append(site.location("start", stuck.name, "", context.worker))
    message = f"{names} was joined{where} while it still had items to hand over in a queue: both wait for ever"
    rows = [f"stack of {stuck.name}:\n{stuck.stack.rstrip()}" for stuck in feeding]
    if body is not None:
        rows.insert(0, f"the test's own process waits in join:\n{body.stack.rstrip()}")
    return Finding("CH407", message, explain(*rows, code="CH407"), locations=tuple(locations))


def last_own_line(stack: str, rootdir: str) -> tuple[str, int] | None:
    """Return (path relative to rootdir, line) of the innermost line of own code in a stack printed innermost last."""
    from ..project import relative
    from .sites import is_own

    found = None
    for match in re.finditer(r'File "([^"]+)", line (\d+)', stack):
        if is_own(match[1], rootdir):
            found = (relative(match[1], rootdir), int(match[2]))
    return found
