"""From a failing order of greenlets to the finding that tells of it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ....detect.called import called
from ....detect.causes import Cause, is_question, same_part
from ....detect.failures import Failure, stuck
from ....hazards import CATALOGUE
from ....model import Finding, Location
from ....project import relative
from ....report.explain import with_it, wrap
from ....report.fingerprint import fingerprint
from ....report.lanes import lanes
from ....report.steps import conflicts_of, order_in_deadlock, steps_of, waits_of
from ....trace.locks import ACTIONS, UNNAMED, numbered, numbers_of
from ....trace.outcome import Outcome, Row
from .. import worded

MOST_ROWS = 40
LEAD = 6
"""Rows shown before the first that touches what the greenlets share."""
GIVES_WAY = "yields in"
MAIN = "0"
"""The greenlet of the test's own body."""


def check_then_act(rows: Sequence[Row], passing: Sequence[Row], error: BaseException | None = None) -> Cause | None:
    """Return a check that another greenlet made untrue before it was acted upon, where only the failing run has it.

    That is one of what the test looks at in the end, or of what the lines touch that ``error`` came through. Failing
    that, an assert may have come of any, best of one that is acted upon where it was made; another exception has not.
    """
    known = {_sites(cause) for cause in _torn_checks(passing)}
    found = [cause for cause in _torn_checks(rows) if _sites(cause) not in known]
    end = max((index for index, row in enumerate(rows) if row.worker != MAIN), default=-1) + 1
    lines = _lines_of(error)
    judged = {row.location for i, row in enumerate(rows) if i >= end or (row.path, row.line) in lines}
    near = [cause for cause in found if cause.act.location in judged]
    if not near and (error is None or isinstance(error, AssertionError)):
        near = found
    return next((cause for cause in near if _function(cause.check) == _function(cause.act)), near[0] if near else None)


def _lines_of(error: BaseException | None) -> set[tuple[str, int]]:
    """Return the files and lines that ``error`` came through."""
    if isinstance(error, BaseExceptionGroup):
        return {line for one in error.exceptions for line in _lines_of(one)}
    trace = error.__traceback__ if error is not None else None
    return {(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(trace)}


def _function(row: Row) -> tuple[str, ...]:
    """Return module and name of the function that ``row`` is in."""
    return tuple(row.site.split(":")[:2])


def _sites(cause: Cause) -> tuple[str, ...]:
    return tuple(row.site for row in cause.rows)


def _torn_checks(rows: Sequence[Row]) -> list[Cause]:
    """Return (look, another's change, act) on one location, each look with the first act that follows the change."""
    touching: dict[Any, list[Row]] = {}
    for row in rows:
        if row.location is not None and row.site:
            touching.setdefault(row.location, []).append(row)
    found = []
    for group in touching.values():
        if len({row.worker for row in group}) < 2:
            continue
        looks: list[tuple[Row, Row | None]] = []  # each with the change that has made it untrue
        for row in _without_updates_reads(group):
            mine = [(look, change) for look, change in looks if look.worker == row.worker and same_part(look, row)]
            if is_question(row):
                looks = [pair for pair in looks if pair not in mine]  # it has looked again
                looks.append((row, None))
                continue
            found += [Cause(look, change, row) for look, change in mine if change is not None]
            looks = [
                (look, change or (row if look.worker != row.worker and same_part(look, row) else None))
                for look, change in looks
                if (look, change) not in mine
            ]
    return found


def _without_updates_reads(group: Sequence[Row]) -> list[Row]:
    """Return the rows of one location without the reads of ``x += 1`` and its like, which are part of the act."""
    kept = []
    for index, row in enumerate(group):
        after = next((other for other in group[index + 1 :] if other.worker == row.worker), None)
        act = after is not None and not is_question(after) and (after.path, after.line) == (row.path, row.line)
        if not (is_question(row) and act):
            kept.append(row)
    return kept


def told(
    failure: Failure,
    outcome: Outcome,
    cause: Cause | None,
    number: int,
    departures: int,
    others: Sequence[Failure] = (),
    *,
    root: Path,
    level: str,
    word: str,
    command: str,
    nodeid: str,
    width: int,
) -> Finding:
    """Return the finding for ``failure`` as the recorded ``outcome`` of order ``number`` shows it, with the ``others``
    that it shows as well."""
    if failure.code == "CH104":
        outcome = replace(outcome, rows=_with_waits(failure, outcome.rows))
    failure, rows = _locks_told_apart(failure, outcome, _relevant(failure, outcome, cause, others))
    decides = cause.rows if cause is not None else ()

    def from_root(path: str) -> str:
        return relative(path, root)

    data: Any = failure.data
    waits = waits_of(data, from_root) if failure.code == "CH104" else ()
    stories = [(data.read, data.overwritten, data.write)] if failure.code == "CH101" else [decides] if decides else []
    return Finding(
        failure.code,
        worded(failure.message),
        _text(failure, rows, cause, number, departures, others, root, command if word else "", width),
        level,
        number,
        departures,
        True,
        word,
        _places(failure, rows, root),
        steps=steps_of(rows, decides, from_root),
        conflicts=conflicts_of(rows, stories),
        waits=waits,
        lock_order=order_in_deadlock(waits),
        fingerprint=key_finding(failure, nodeid, root).fingerprint,
        cause=worded(failure.cause),
        fix=worded(failure.fix),
    )


def _locks_told_apart(failure: Failure, outcome: Outcome, rows: list[Row]) -> tuple[Failure, list[Row]]:
    """Return a deadlock and its ``rows`` with numbers where locks have one name, or one lock has several."""
    if failure.code != "CH104":
        return failure, rows
    numbers = numbers_of(rows, failure.data)
    if numbers:
        failure = stuck(failure.data, outcome.died, outcome.rows, numbers)
    return failure, [numbered(row, numbers) for row in rows]


def _with_waits(failure: Failure, recorded: Sequence[Row]) -> tuple[Row, ...]:
    """Return what was recorded with the lock and its holder in the last row of each greenlet that waits for one."""
    rows = list(recorded)
    data: Any = failure.data
    for row in data:
        last = next((i for i in reversed(range(len(rows))) if rows[i].worker == row.worker), None)
        if row.lock is None or last is None or rows[last].action != GIVES_WAY:
            continue
        held = f"held by greenlet {row.holder}" if row.holder else ""
        rows[last] = replace(
            rows[last], action="wait for", target=row.lock_name or UNNAMED, value=held, location=row.lock
        )
    return tuple(rows)


def key_finding(failure: Failure, nodeid: str, root: Path) -> Finding:
    """Return a failure as a finding with nothing but what identifies it."""
    finding = Finding(
        failure.code, worded(failure.message), locations=_places(failure, (), root, lambda row: row.target)
    )
    return replace(finding, fingerprint=fingerprint(finding, nodeid, root))


def _text(
    failure: Failure,
    rows: Sequence[Row],
    cause: Cause | None,
    number: int,
    departures: int,
    others: Sequence[Failure],
    root: Path,
    command: str,
    width: int,
) -> str:
    message = worded(failure.message)
    hazard = CATALOGUE[failure.code]
    lines = [f"{failure.code} {hazard.name}", "", *wrap(message[0].upper() + message[1:], width), ""]
    if rows:
        lines += [*lanes(rows, root, cause.rows if cause is not None else (), width, noun="greenlet"), ""]
    for other in others:
        lines += with_it(other.code, worded(other.message), worded(CATALOGUE[other.code].fix), width)
    if departures:
        plural = "s" if departures != 1 else ""
        how = f"Order {number}; shortened to {departures} departure{plural} from the order in which they came."
    else:
        how = "This is the order in which gevent runs them here; one after the other they do it right."
    lines += wrap(f"{how} gevent can run them in this order: each gives way only where it waits.", width)
    lines += wrap(f"Cause: {worded(failure.cause or hazard.cause)}", width)
    lines += wrap(f"Fix: {worded(failure.fix or hazard.fix)}", width)
    if command:
        lines.append(f"Replay: {command}")
    return "\n".join(lines)


def _relevant(failure: Failure, outcome: Outcome, cause: Cause | None, others: Sequence[Failure]) -> list[Row]:
    """Return the rows worth showing: what more than one greenlet touched, and where each gave way in between."""
    rows = [row for row in outcome.rows if failure.code == "CH104" or row.action not in ACTIONS]
    locations: set[Any] = set()
    if failure.code == "CH101":
        locations = _lost(failure, rows)
    elif cause is not None:
        locations = {row.location for row in cause.rows}
    else:
        users: dict[Any, dict[str, bool]] = {}
        for row in rows:
            if row.location is not None:
                known = users.setdefault(row.location, {})
                known[row.worker] = known.get(row.worker, False) or not is_question(row)
        locations = {loc for loc, known in users.items() if len(known) > 1 and any(known.values())}
    for other in others:
        locations |= _lost(other, rows)
    involved = {row.worker for row in rows if row.location in locations} or {row.worker for row in rows}
    kept = [row for row in rows if row.location in locations or (row.action == GIVES_WAY and row.worker in involved)]
    if any(row.worker != MAIN for row in kept):  # what the test does before and after is not part of it
        kept = [row for row in kept if row.worker != MAIN or row.action != GIVES_WAY]
    inner = [i for i, row in enumerate(kept) if row.location is not None and row.worker != MAIN]
    if inner:
        lead = [row for row in kept[: inner[0]] if row.worker != MAIN][-LEAD:]
        kept = [*lead, *kept[inner[0] : inner[-1] + 1]]
    return kept[-MOST_ROWS:]


def _lost(failure: Failure, rows: Sequence[Row]) -> set[Any]:
    """Return the locations of which ``failure`` says that an update got lost."""
    if failure.code != "CH101":
        return set()
    lost: Any = failure.data
    sites = {lost.read.site, lost.write.site, lost.overwritten.site}
    return {row.location for row in rows if row.site in sites}


def _places(
    failure: Failure, rows: Sequence[Row], root: Path, name: Callable[[Row], str] = called
) -> tuple[Location, ...]:
    data: Any = failure.data
    if failure.code == "CH101":
        rows = [data.read, data.overwritten, data.write]
    elif failure.code == "CH102":
        rows = data.rows
    places = [Location(relative(r.path, root), r.line, r.worker, r.action, name(r), r.value) for r in rows if r.line]
    if failure.code == "CH104":
        places = [Location(relative(b.path, root), b.line, b.worker, "waits", b.operation) for b in data if b.line]
    elif failure.code == "CH110":
        path, line = failure.place[1]
        if line:
            places.insert(0, Location(relative(path, root), line, "", "raise", failure.place[0], ""))
    return tuple(places)
