"""The terminal summary: warnings one by one, then one line for the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .named import is_named, words
from .prose import broken, fitted
from .whole_suite import NAMED, is_of_whole_suite, lines, stressed
from .width import columns, width_of

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter


CUT_SHORT = "cut short"
NOT_INCLUDED = "include: no module"
"""So a note begins that is the same for all tests of a session."""
INDENT = "    "


def write_summary(reporter: TerminalReporter, results: Sequence[dict[str, Any]], further: Sequence[str] = ()) -> None:
    """Write the section "concurrency": warnings and notes, ``further`` lines, then tests, schedules and hazards."""
    reporter.section("concurrency", sep="=")
    width = columns(reporter.config) if reporter.isatty else None  # nothing is broken in a log

    def line(text: str, yellow: bool = False) -> None:
        for part in broken(text, width):
            reporter.line(part, yellow=yellow)

    not_included: dict[str, list[str]] = {}
    cut_short = 0
    for result in results:
        warnings = [h for h in result["hazards"] if h["severity"] == "warning" and not h["known"]]
        failures = words(" ".join(h["detail"] for h in result["hazards"] if h["severity"] == "error"))
        for hazard in warnings:
            shown = result["outcome"] == "failed"  # the details are beside the failure
            named = is_named(hazard["code"], hazard["name"], hazard["message"], failures)
            if shown and named and reporter.config.option.tbstyle != "no":
                continue
            told = _details(hazard, width_of(reporter.config)) if reporter.verbosity > 0 and not shown else []
            said = words(hazard["message"]).lower() in words(" ".join(told)).lower()
            message = "" if said else f": {hazard['message']}"
            line(f"{result['nodeid']}: {hazard['code']} {hazard['name']}{message}", yellow=True)
            for row in told:
                reporter.line(f"{INDENT}{row}" if row else "")
        for note in result["notes"]:
            if note.startswith(NOT_INCLUDED):
                not_included.setdefault(note, []).append(result["nodeid"])
        if is_of_whole_suite(result):
            continue
        proofs = [note for note in result["notes"] if result["exhaustive"] and note.endswith("explored: no hazard")]
        for note in result["notes"]:
            if reporter.verbosity <= 0 and note in proofs:
                continue  # a proof is no news in a summary
            if note in not_included:
                continue
            loud = result.get("verdict") == CUT_SHORT and note.startswith(CUT_SHORT)
            cut_short += loud
            if loud and cut_short > NAMED and reporter.verbosity <= 0:
                continue
            line(f"{result['nodeid']}: {note}", yellow=loud)
        for row in outcome_rows(result):
            reporter.line(row)
        if reporter.verbosity > 0 and result["outcome"] == "passed" and not result["hazards"] and not proofs:
            proof = "all distinct interleavings" if result["exhaustive"] else result.get("verdict") or "explored"
            plural = "s" if result["schedules"] != 1 else ""
            line(f"{result['nodeid']}: {result['schedules']} schedule{plural}, {proof}: no hazard")
    if cut_short > NAMED and reporter.verbosity <= 0:
        plural = "s" if cut_short > NAMED + 1 else ""
        line(f"{cut_short - NAMED} more test{plural} {CUT_SHORT} (-v names them all)", yellow=True)
    for note, tests in not_included.items():
        line(f"{tests[0]}: {note}" if len(tests) == 1 else f"{note} ({len(tests)} tests)")
    for row in lines(results, reporter.verbosity > 0):
        reporter.line(row)
    if any("parallelism" in result for result in results):
        from ..parallelism.table import render

        for row in render(results):
            reporter.line(row)
    for row in further:
        reporter.line(row)
    unseen = sorted({name for result in results for name in result.get("not_looked_into", ())})
    if unseen:
        line(f"not looked into: {', '.join(unseen)} (packages that workers called; see include)")
    line(summary_line(results))


def _details(hazard: dict[str, Any], width: int) -> list[str]:
    """Return the lines of the explanation of a hazard, without a heading of its own."""
    rows = fitted(hazard["detail"], width - len(INDENT), hazard["message"], hazard["code"]).splitlines()
    return rows[1:] if rows and rows[0].startswith(f"{hazard['code']} ") else rows


def outcome_rows(result: dict[str, Any]) -> list[str]:
    """Return the lines of the table of outcomes that a test collected; none where it did not."""
    outcomes = result.get("outcomes", ())
    if not outcomes:
        return []
    width = max(len("outcome"), *(len(row["value"]) for row in outcomes))
    lines = [f"{result['nodeid']}: outcomes", f"  {'outcome':<{width}}  {'times':>6}  {'interleavings':>13}  verdict"]
    for row in outcomes:
        lines.append(f"  {row['value']:<{width}}  {row['times']:>6}  {row['interleavings']:>13}  {row['verdict']}")
    return lines


def summary_line(results: Sequence[dict[str, Any]]) -> str:
    """Return one line: tests stressed, schedules run, hazards found."""
    schedules = sum(result["schedules"] for result in results)
    new = Counter((h["code"], h["name"]) for result in results for h in result["hazards"] if not h["known"])
    hazards = ", ".join(f"{count} {code} {name}" for (code, name), count in sorted(new.items()))
    number = stressed(results)
    tests = f"{number} test{'s' if number != 1 else ''} stressed"
    runs = f"{schedules} schedule{'s' if schedules != 1 else ''}"
    known = any(hazard["known"] for result in results for hazard in result["hazards"])
    short = sum(result.get("verdict") == CUT_SHORT for result in results)
    cut = f", {short} cut short: no verdict on all that was to be run" if short else ""
    return f"{tests}, {runs}: {hazards or ('no new hazard' if known else 'no hazard')}{cut}"
