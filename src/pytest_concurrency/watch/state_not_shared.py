"""CH401: a child changed a global, and other code reads the copy that did not change.

A child's own use of its copy (a cache, a connection made on first use, what an initializer sets up) is no hazard. It is
one where a value changed in a child is read, afterwards, by code that only runs elsewhere: in the parent or in another
child; and where the function that a process was given counts in a global that nobody could ever see.
"""

from __future__ import annotations

import math
import sys
import types
from collections import Counter
from collections.abc import Iterator
from typing import Any

from ..model import Finding
from ..project import relative
from .globals import current
from .judging import Context, explain
from .reading import START, Reached, Read, Spot, attribute_used, augments, code_of, namespace_of, reachable, reads
from .record import GlobalChanged, ProcessStarted, Record, Site


def find(record: Record, context: Context) -> list[Finding]:
    """Return one warning for each global that a child changed where the change is missed."""
    if not record.changed:
        return []
    started = {entry.pid: entry for entry in record.started}
    changes: dict[tuple[str, str], list[GlobalChanged]] = {}
    for change in record.changed:
        now = current(change.module, change.name, context.rootdir)
        if now is not None and now.digest != change.digest:
            changes.setdefault((change.module, change.name), []).append(change)
    findings = []
    told: set[int] = set()
    for (module, name), rows in changes.items():
        value = _value(module, name)
        if id(value) in told and not isinstance(value, (int, str, float, bool, type(None))):
            continue  # the same object under another name
        if rows[0].generator:
            finding = _duplicated(module, name, rows)
        else:
            finding = _missed(module, name, rows, record, started, context)
        if finding is not None:
            told.add(id(value))
            findings.append(finding)
    return findings


def _value(module: str, name: str) -> object:
    value: Any = sys.modules.get(module)
    for part in name.split("."):
        value = vars(value).get(part) if hasattr(value, "__dict__") else None
    return value


def _missed(
    module: str,
    name: str,
    rows: list[GlobalChanged],
    record: Record,
    started: dict[int, ProcessStarted],
    context: Context,
) -> Finding | None:
    writers = [started[row.pid] for row in rows if row.pid in started]
    inside = _written_by(record, writers, context)
    read = next(
        (r for r in _elsewhere(record, writers, inside, context) if _is_read_of(r, module, name)),
        None,
    )
    if read is None and not _counts_for_nobody(rows, writers, name):
        return None
    now = current(module, name, context.rootdir)
    here = now.shown if now is not None else "?"
    row = rows[0]
    change = f"{row.process} changed it from {row.before} to {row.after}"
    message = f"{module}.{name}: {change}; in the parent it is {here}"
    lines = [
        f"{module}.{name}",
        *[f"    {r.process} (pid {r.pid}): {r.before} -> {r.after}" for r in rows[:8]],
    ]
    lines.append(f"    the parent: {here}")
    locations = [
        entry.site.location("start", f"{module}.{name}", row.after, entry.name) for entry in writers if entry.site.path
    ][:4]
    if read is not None:
        path = relative(read.path, context.rootdir)
        lines.append(f"    read at {path}:{read.line} in {read.function}")
        from ..model import Location

        locations.append(Location(path, read.line, context.worker, "read", f"{module}.{name}", here))
    return Finding("CH401", message, explain(*lines, code="CH401"), locations=tuple(locations))


def _written_by(record: Record, writers: list[ProcessStarted], context: Context) -> set[types.CodeType]:
    """Return the code that may run in the children that changed the value (too much rather than too little)."""
    inside: set[types.CodeType] = set()
    for entry in writers:
        if entry.owner == "os.fork":
            continue
        for target in _targets(entry, record):
            inside.update(reachable(code_of(target), namespace_of(target), context.rootdir, by_name=True))
    return inside


def _targets(entry: ProcessStarted, record: Record) -> list[Any]:
    if entry.owner in ("Pool", "ProcessPoolExecutor"):
        return list(record.tasks)
    return [entry.target, *entry.passed]


def _elsewhere(
    record: Record, writers: list[ProcessStarted], inside: set[types.CodeType], context: Context
) -> Iterator[Read]:
    """Yield the reads of globals in code that runs in the parent after a child was started, or in other children."""
    body = context.body
    code = code_of(body)
    if code is not None and code not in inside:
        path = relative(code.co_filename, context.rootdir)
        starts = [_end(w.site) for w in writers if w.site.path == path and _is_inside(w.site.line, code)]
        after = min(starts, default=START)
        if writers and all(w.owner == "os.fork" for w in writers):
            after = max(after, (max(w.site.line for w in writers), math.inf))
        yield from _reads_in(reachable(code, namespace_of(body), context.rootdir, False, after), inside, code, after)
    for entry in record.started:
        if entry not in writers and entry.owner not in ("Pool", "ProcessPoolExecutor", "Manager", "os.fork"):
            target = code_of(entry.target)
            space = namespace_of(entry.target)
            yield from _reads_in(reachable(target, space, context.rootdir, False), inside, None, START)


def _end(site: Site) -> Spot:
    """Return where the call that started a process ends: what stands behind it on its line runs later."""
    return site.end or (site.line, math.inf)


def _is_inside(line: int, code: types.CodeType) -> bool:
    last = max((at for _, _, at in code.co_lines() if at), default=code.co_firstlineno)
    return code.co_firstlineno <= line <= last


def _reads_in(
    reached: Reached, inside: set[types.CodeType], body: types.CodeType | None, after: Spot
) -> Iterator[Read]:
    for code, space in reached.items():
        if code not in inside:
            yield from reads(code, space, after if code is body else START)


def _is_read_of(read: Read, module: str, name: str) -> bool:
    root, _, attribute = name.partition(".")
    value = vars(sys.modules[read.module]).get(read.name) if read.module in sys.modules else None
    if (read.module, read.name) != (module, root):
        return False
    if not attribute:
        return True
    kind = value if isinstance(value, type) else type(value)
    return bool(read.attribute) and (read.attribute == attribute or attribute_used(kind, read.attribute, attribute))


def _counts_for_nobody(rows: list[GlobalChanged], writers: list[ProcessStarted], name: str) -> bool:
    """Return whether the very function that a process was given counts in this global."""
    numbers = (row.before.replace(".", "", 1).lstrip("-").isdigit() for row in rows)
    return all(numbers) and any(
        writer.owner in ("", "runner") and (code := code_of(writer.target)) is not None and augments(code, name)
        for writer in writers
    )


def _duplicated(module: str, name: str, rows: list[GlobalChanged]) -> Finding | None:
    """Return a finding where several children drew from copies of one random generator in the same state."""
    ends = Counter((row.before_digest, row.digest) for row in rows)
    same = [row for row in rows if ends[row.before_digest, row.digest] > 1]
    if len({row.pid for row in same}) < 2:
        return None
    names = ", ".join(row.process for row in same[:8])
    message = f"{module}.{name}: {names} drew from copies of one random generator: they get the same numbers"
    rows_shown = [f"{module}.{name}: the same state in each child before it drew ({names})"]
    rows_shown.append("Give each child a generator of its own, seeded with its own number.")
    return Finding("CH401", message, explain(*rows_shown, code="CH401"))
