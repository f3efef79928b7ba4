"""CH108: a child process died of an exception and nobody asked how it had ended."""

from __future__ import annotations

from ..model import Finding, Location
from ..project import relative
from ..trace.errors import told
from .judging import Context, explain
from .record import NOWHERE, ChildDied, ProcessStarted, Record

_CAUSE = "A process died of an exception that nobody saw: join() does not raise it."
_FIX = (
    "Look at exitcode after join(), hand the exception over through a queue, or use ProcessPoolExecutor, whose "
    "result() raises it."
)
_POOL_CAUSE = "The initializer of a pool fails: its workers die before they begin, and the pool starts others for ever."
_POOL_FIX = "Mend the initializer, or use ProcessPoolExecutor, which raises BrokenProcessPool where one fails."


def find(record: Record, context: Context) -> list[Finding]:
    """Return one finding for each place at which children died unseen.

    A child has been seen where its ``exitcode`` or ``sentinel`` was asked for, ``is_alive()`` or ``active_children()``
    has said that it was gone, ``os.wait()`` or one of its kind has brought its status, somebody met the end of a pipe,
    or the child's own code has dealt with the exception. What a daemon dies of when its peer has gone is the end that
    it was meant to have. A hang tells of its deaths itself.
    """
    if record.stuck:
        return []
    started = {entry.pid: entry for entry in record.started}
    found: dict[tuple[str, int, str], list[tuple[ChildDied, ProcessStarted | None]]] = {}
    for died in unseen(record):
        found.setdefault((died.path, died.line, died.error), []).append((died, started.get(died.pid)))
    return [_finding(rows, context) for rows in found.values()]


def unseen(record: Record) -> list[ChildDied]:
    """Return the deaths of which nobody has heard."""
    started = {entry.pid: entry for entry in record.started}
    kept = []
    for died in record.died:
        entry = started.get(died.pid)
        asked = record.end_met or died.pid in record.asked_about
        if died.told or (asked and not died.during):  # a pool asks of its workers, to start others
            continue
        if entry is not None and entry.daemon and died.lost_peer:
            continue
        kept.append(died)
    return kept


def named(died: ChildDied, rootdir: str, name: str) -> str:
    """Return a sentence on what a child died of, and where."""
    where = f" at {relative(died.path, rootdir)}:{died.line}" if died.line else ""
    return f"{name} died of {told(died.error, died.text)}{where}{f' in {died.during}' if died.during else ''}"


def _finding(rows: list[tuple[ChildDied, ProcessStarted | None]], context: Context) -> Finding:
    first, entry = rows[0]
    name = entry.name if entry is not None else f"process {first.pid}"
    more = f" (and {len(rows) - 1} more)" if len(rows) > 1 and not first.during else ""
    end = "the pool starts others, which die as well" if first.during else "nobody looked at its exit code"
    cause, fix = (_POOL_CAUSE, _POOL_FIX) if first.during else (_CAUSE, _FIX)
    message = f"{named(first, context.rootdir, name)}{more}, and {end}"
    site = entry.site if entry is not None else NOWHERE
    shown = [f"{site}: {site.text}"] if site.path else []
    shown.append(f"in {name}:\n{first.trace.rstrip()}")
    locations = [Location(relative(first.path, context.rootdir), first.line, name, "raise", first.error, first.text)]
    if site.path:
        locations.append(site.location("start", name, "", context.worker))
    detail = explain(*shown, code="CH108", cause=cause, fix=fix)
    return Finding("CH108", message, detail, locations=tuple(place for place in locations if place.line))
