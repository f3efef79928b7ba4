"""Explaining a failure: which rows of its interleaving are shown, and the text around them."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..detect.called import called
from ..detect.failures import raised_at, stuck
from ..hazards import CATALOGUE, RAISED, STANDSTILL, SUSPECTED, WAITING
from ..interpreter import gil_enabled
from ..model import Finding, Location
from ..project import relative
from ..trace.locks import numbered, numbers_of
from ..trace.outcome import Row
from ..trace.workers import TEST
from .fingerprint import fingerprint
from .lanes import lanes
from .raised import calls_of
from .repeats import without_repeats
from .steps import conflicts_of, order_in_deadlock, order_in_inversion, steps_of, waits_of
from .telling import around_switches, most_telling
from .width import ELSEWHERE

if TYPE_CHECKING:
    from ..detect.failures import Failure
    from ..explore.model import Found

WIDEST_PROSE = 110
CONTEXT_ROWS = 40
LEAD = 6
"""Rows shown on either side of a switch of workers that are not known to have met."""
_SAYS_NOTHING = ("<module", "<function", "<builtin")
"""So the values begin that hardly anybody changes."""
RAISES = "raises"


def explain(
    found: Found, word: str, nodeid: str, root: Path, severity: str, width: int = ELSEWHERE, command: str = ""
) -> Finding:
    """Return the finding for a failure: message, lanes, cause, fix and the ``command`` of the replay token ``word``,
    ``width`` columns wide."""
    found, rows = _locks_told_apart(found, _relevant(found))
    failure = found.failure
    reachable = _reachable(found)
    preemptions = sum(1 for d in found.directives if d.moment == "before")
    text = _text(found, rows, command if word else "", root, reachable, preemptions, width)
    return Finding(
        code=failure.code,
        message=failure.message,
        detail=text,
        severity=severity,
        schedule=found.schedule,
        preemptions=preemptions,
        reachable=None if failure.code in SUSPECTED else reachable,
        replay=word,
        locations=_locations(found, rows, root),
        fingerprint=key_finding(failure, nodeid, root).fingerprint,
        cause=failure.cause,
        fix=failure.fix,
        **_drawn(found, rows, root),
    )


def _locks_told_apart(found: Found, rows: Sequence[Row]) -> tuple[Found, list[Row]]:
    """Return a failure and its ``rows`` with numbers where locks have one name."""
    failure: Any = found.failure
    numbers = numbers_of(rows, failure.data if failure.code in WAITING else ())
    if not numbers:
        return found, list(rows)
    if failure.code in STANDSTILL:
        failure = stuck(failure.data, found.outcome.died, found.outcome.rows, numbers)
    decides = tuple(numbered(row, numbers) for row in found.decides)
    return replace(found, failure=failure, decides=decides), [numbered(row, numbers) for row in rows]


def key_finding(failure: Failure, nodeid: str, root: Path) -> Finding:
    """Return a failure as a finding with nothing but what identifies it."""
    finding = Finding(failure.code, failure.message, locations=_key_places(failure, root, lambda row: row.target))
    return replace(finding, fingerprint=fingerprint(finding, nodeid, root))


def _drawn(found: Found, rows: Sequence[Row], root: Path) -> dict[str, Any]:
    """Return the fields of a finding that other reports draw: the interleaving, conflicts, and graphs."""

    def from_root(path: str) -> str:
        return relative(path, root)

    failure = found.failure
    data: Any = failure.data
    stories: list[Sequence[Row]] = [found.decides[n : n + 3] for n in range(0, len(found.decides), 3)]
    if failure.code == "CH101":
        stories = [(data.read, data.overwritten, data.write)]
    waits = waits_of(data, from_root) if failure.code in WAITING else ()
    order = order_in_inversion(data.rows, from_root) if failure.code == "CH105" else order_in_deadlock(waits)
    return {
        "steps": steps_of(rows, found.decides, from_root),
        "conflicts": conflicts_of(rows, stories),
        "waits": waits,
        "lock_order": order,
    }


def _relevant(found: Found) -> list[Row]:
    """Return the rows worth showing: those on locations that more than one worker touched, around the switches."""
    rows = _with_deaths(found)
    data: Any = found.failure.data
    if not (found.failure.code in WAITING and any(blocked.holder == TEST for blocked in data or ())):
        while rows and rows[-1].worker == TEST and any(row.worker != TEST for row in rows):
            rows.pop()  # what the test does after its workers is not part of the interleaving
    if found.failure.code in SUSPECTED | {"CH102"}:
        return list(data.rows)
    if found.failure.code == "CH101":
        wanted = {data.read.site, data.write.site, data.overwritten.site}
        location = next((r.location for r in rows if r.site == data.write.site and r.action == "write"), None)
        passed = _passed_on_the_way(found, rows)
        rows = [r for r in rows if r.site in wanted or r.location in passed
                or (location is not None and r.location == location)]  # fmt: skip
        end = next((i for i, r in enumerate(rows) if r.step >= data.write.step and r.site == data.write.site
                    and r.worker == data.worker), None)  # fmt: skip
        if end is not None:
            rows = rows[: end + 1]
            begin = max((i for i, r in enumerate(rows) if r.site == data.read.site and r.step <= data.read.step
                         and r.worker == data.worker), default=0)  # fmt: skip
            begin = next((i for i, r in enumerate(rows[:begin]) if r.location in passed and r.worker != TEST), begin)
            rows = rows[begin:]
            deciding = {(row.worker, row.step, row.action) for row in (data.read, data.overwritten, data.write)}
            needed = [row for row in rows if (row.worker, row.step, row.action) in deciding]
            rows = most_telling(rows, needed, CONTEXT_ROWS)
        return rows
    points = {d.site for d in found.directives}
    users: dict[Any, set[str]] = {}
    for row in rows:
        users.setdefault(row.location, set()).add(row.worker)
    changed = {row.location for row in rows if row.worker != TEST and row.action not in ("read", "call")} - {None}
    met = any(len(users[location] - {TEST}) > 1 for location in changed)
    if not met and any(row.action in ("call", "read", "write") and row.site in points for row in rows):
        return _from_the_first_switch(rows, [s.step for s in found.outcome.switches if s.chosen])
    always = {"times out:", "run", "start"} if found.failure.code == "CH109" else {"times out:", "run"}
    always |= {RAISES}
    needed = [*found.decides, *_last_of_the_stuck(found, rows)]
    shared = [
        r
        for r in rows
        if (len(users[r.location]) > 1 and r.location is not None) or r.site in points or r.action in always
        or r in needed
    ]  # fmt: skip
    fixed = _fixed(shared)
    kept = [r for r in shared if r.site in points or r.action in always or r in needed]
    told = [r for r in shared if r.location not in fixed or r in kept]
    told = list(_without_preparations(told, kept))
    return most_telling(without_repeats(told or shared or rows, found.decides), needed, CONTEXT_ROWS)


def _passed_on_the_way(found: Found, rows: Sequence[Row]) -> set[Any]:
    """Return the locations that several workers touch and at which a lost update that takes more than one preemption
    makes them switch: what was to keep them apart, say."""
    if len(found.directives) < 2:
        return set()
    points = {directive.site for directive in found.directives}
    users: dict[Any, set[str]] = {}
    for row in rows:
        users.setdefault(row.location, set()).add(row.worker)
    return {row.location for row in rows if row.site in points and len(users[row.location] - {TEST}) > 1} - {None}


def _from_the_first_switch(rows: Sequence[Row], switches: Sequence[int]) -> list[Row]:
    """Return what workers did around their switches, from the first of ``switches`` (steps) on, where nothing that is
    known to be shared was changed."""
    first = min(switches, default=0)
    begin = next((i for i, row in enumerate(rows) if row.worker != TEST or row.step >= first), 0)
    told = [row for row in rows[begin:] if row.action != "read" or not row.value.startswith(_SAYS_NOTHING)]
    told = _one_call_a_line(told or rows[begin:])
    at = next((i for i, row in enumerate(told) if row.step >= first), 0)
    return around_switches(told[max(0, at - LEAD) :], LEAD)[:CONTEXT_ROWS]


def _with_deaths(found: Found) -> list[Row]:
    """Return the rows of the run, with one for each worker that died and so left others stuck."""
    rows = list(found.outcome.rows)
    for died in found.failure.died:
        path, line = raised_at(died.error)
        last = next((i for i in reversed(range(len(rows))) if rows[i].worker == died.worker), None)
        if line and last is not None and not died.task:
            rows.insert(last + 1, Row(died.worker, path, line, RAISES, type(died.error).__name__, step=rows[last].step))
    return rows


def _without_preparations(rows: Sequence[Row], kept: Sequence[Row]) -> Sequence[Row]:
    """Return ``rows`` without what the test did before its workers began, but for what it left in each location."""
    first = next((i for i, row in enumerate(rows) if row.worker != TEST), 0)
    left = {row.location: i for i, row in enumerate(rows[:first]) if row.action == "write"}
    return [r for i, r in enumerate(rows) if i >= first or left.get(r.location) == i or r in kept]


def _last_of_the_stuck(found: Found, rows: Sequence[Row]) -> list[Row]:
    """Return, where workers wait for ever, the last row of each: what it waits for."""
    if found.failure.code not in WAITING:
        return []
    last = {row.worker: row for row in rows}
    waiting = [(last.get(blocked.worker), blocked) for blocked in found.failure.data]
    return [
        row
        for row, blocked in waiting
        if row and row.action not in ("read", "write") and (row.path, row.line) == (blocked.path, blocked.line)
    ]


def _fixed(rows: Sequence[Row]) -> set[Any]:
    """Return the locations that only the test wrote, before its workers began: reading them tells nothing."""
    first = next((i for i, row in enumerate(rows) if row.worker != TEST), 0)
    accessed = {row.location for row in rows if row.action in ("read", "write")}
    changed = {row.location for row in rows[first:] if row.action != "read"}
    return accessed - changed - {None}


def _one_call_a_line(rows: Sequence[Row]) -> list[Row]:
    """Return ``rows`` with successive calls of one worker on one line taken for one."""
    kept: list[Row] = []
    for row in rows:
        last = kept[-1] if kept else None
        if (
            last is None
            or row.action != "call"
            or (row.worker, row.path, row.line) != (last.worker, last.path, last.line)
        ):
            kept.append(row)
    return kept


def _reachable(found: Found) -> bool:
    """Say whether this interpreter can switch where the shortest schedule preempts."""
    if not gil_enabled():
        return True
    points = {(d.worker, d.site) for d in found.directives if d.moment == "before"}
    for switch in found.outcome.switches:
        if switch.chosen and not switch.forced and (switch.worker, switch.site) in points:
            row = next(
                (r for r in found.outcome.rows if r.worker == switch.worker and r.step >= switch.step
                 and r.site == switch.site), None,
            )  # fmt: skip
            if row is not None and not row.reachable:
                return False
    return True


def _locations(found: Found, rows: Sequence[Row], root: Path) -> tuple[Location, ...]:
    """Return the places of a failure, those that make it what it is first."""
    key = _key_places(found.failure, root)
    if found.failure.code == "CH101" or found.failure.code in SUSPECTED or found.failure.code == "CH102":
        return key
    return key + tuple(_location(row, root, called) for row in rows if row.line)


def _location(row: Row, root: Path, name: Callable[[Row], str]) -> Location:
    return Location(relative(row.path, root), row.line, row.worker, row.action, name(row), row.value)


def _key_places(failure: Failure, root: Path, name: Callable[[Row], str] = called) -> tuple[Location, ...]:
    data: Any = failure.data
    if failure.code == "CH101":
        return tuple(_location(row, root, name) for row in (data.read, data.overwritten, data.write) if row.line)
    if failure.code in SUSPECTED or failure.code == "CH102":
        return tuple(_location(row, root, name) for row in data.rows if row.line)
    if failure.code in WAITING:
        return tuple(
            Location(relative(b.path, root), b.line, b.worker, "wait", b.operation or b.waits_for, b.waits_for)
            for b in sorted(data, key=lambda b: b.worker == TEST)  # the test waits for its workers in any case
            if b.line
        )
    if failure.code in RAISED:
        path, line = failure.place[1]
        if line:
            return (Location(relative(path, root), line, "", "raise", failure.place[0], ""),)
    return ()


def _text(
    found: Found,
    rows: Sequence[Row],
    command: str,
    root: Path,
    reachable: bool,
    preemptions: int,
    width: int,
) -> str:
    failure = found.failure
    hazard = CATALOGUE[failure.code]
    lines = [f"{failure.code} {hazard.name}", ""]
    lines += wrap(failure.message[0].upper() + failure.message[1:], width)
    lines.append("")
    if rows:
        lines += lanes(rows, root, found.decides, width)
        lines.append("")
    if failure.code == "CH108":
        lines += calls_of(failure.data, root, rows, width)
    for related in found.related:
        lines += with_it(related.code, related.message, related.fix or CATALOGUE[related.code].fix, width)
    plural = "s" if preemptions != 1 else ""
    if failure.code in SUSPECTED:
        lines += wrap("No schedule has shown it: this is a warning.", width)
    elif not found.free:
        lines += wrap(
            f"Schedule {found.schedule}; shortened to {preemptions} preemption{plural}. {_where(reachable)}", width
        )
    lines += wrap(f"Cause: {failure.cause or hazard.cause}", width)
    lines += wrap(f"Fix: {failure.fix or hazard.fix}", width)
    if command:
        lines.append(f"Replay: {command}")
    return "\n".join(lines)


def _where(reachable: bool) -> str:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if not gil_enabled():
        return f"This can happen on the interpreter at hand (Python {version}, free-threaded)."
    if reachable:
        return f"This can happen on the interpreter at hand (Python {version} with the GIL)."
    return (
        f"Python {version} with the GIL does not switch threads at that point; free-threaded builds and Python 3.9 "
        "do, and so does this interpreter as soon as a call moves in between."
    )


def wrap(text: str, width: int, widest: int = WIDEST_PROSE) -> list[str]:
    """Return ``text`` as lines of at most ``width`` columns, all but the first indented."""
    return textwrap.wrap(
        text, min(width, widest), subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )


def with_it(code: str, message: str, fix: str, width: int) -> list[str]:
    """Return the lines that name another hazard, which the same interleaving shows."""
    lines = wrap(f"With it: {code} {CATALOGUE[code].name}: {message}", width)
    return lines if code == "CH110" else [*lines, *wrap(f"    Fix of {code}: {fix}", width)]
