"""The terminal summary: warnings one by one, then one line for the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..notes import CUT_SHORT, EXPLORED, is_cut_short, is_not_included, is_proof
from .named import is_named, words
from .prose import broken, fitted
from .whole_suite import NAMED, is_of_whole_suite, lines, stressed
from .width import columns, width_of

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

INDENT = "    "


def write_summary(reporter: TerminalReporter, results: Sequence[dict[str, Any]], further: Sequence[str] = ()) -> None:
    """Write the section "concurrency": warnings and notes, ``further`` lines, then tests, schedules and hazards."""
    reporter.section("concurrency", sep="=")
    summary = _Summary(reporter)
    for result in results:
        summary.warnings(result)
        if not is_of_whole_suite(result):
            summary.notes(result)
            summary.table(result)
            summary.verdict(result)
    summary.notes_on_many(results)
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
        summary.line(f"not looked into: {', '.join(unseen)} (packages that workers called; see include)")
    summary.line(summary_line(results))


class _Summary:
    """Writes what is said of one test, and counts what is said of many alike."""

    def __init__(self, reporter: TerminalReporter) -> None:
        self._reporter = reporter
        self._verbose = reporter.verbosity > 0
        self._width = columns(reporter.config) if reporter.isatty else None  # nothing is broken in a log
        self._cut_short = 0

    def line(self, text: str, yellow: bool = False) -> None:
        for part in broken(text, self._width):
            self._reporter.line(part, yellow=yellow)

    def warnings(self, result: dict[str, Any]) -> None:
        """Write the warnings, with their details where these are not beside a failure."""
        config = self._reporter.config
        failures = words(" ".join(h["detail"] for h in _errors(result)))
        shown = result["outcome"] == "failed"
        for hazard in result["hazards"]:
            if hazard["severity"] != "warning" or hazard["known"]:
                continue
            named = is_named(hazard["code"], hazard["name"], hazard["message"], failures)
            if shown and named and config.option.tbstyle != "no":
                continue
            told = _details(hazard, width_of(config)) if self._verbose and not shown else []
            said = words(hazard["message"]).lower() in words(" ".join(told)).lower()
            message = "" if said else f": {hazard['message']}"
            self.line(f"{result['nodeid']}: {hazard['code']} {hazard['name']}{message}", yellow=True)
            for row in told:
                self._reporter.line(f"{INDENT}{row}" if row else "")

    def notes(self, result: dict[str, Any]) -> None:
        """Write the notes but those that are counted, and that a proof was had where that is asked for."""
        proofs = _proofs(result)
        for note in result["notes"]:
            if is_not_included(note) or (note in proofs and not self._verbose):
                continue
            loud = result.get("verdict") == CUT_SHORT and is_cut_short(note)
            self._cut_short += loud
            if not loud or self._cut_short <= NAMED or self._verbose:
                self.line(f"{result['nodeid']}: {note}", yellow=loud)

    def table(self, result: dict[str, Any]) -> None:
        """Write the table of outcomes that the test collected."""
        for row in outcome_rows(result):
            self._reporter.line(row)

    def verdict(self, result: dict[str, Any]) -> None:
        """Write what came of a test that passed, where that is asked for and no note has said it."""
        if self._verbose and result["outcome"] == "passed" and not result["hazards"] and not _proofs(result):
            proof = "all distinct interleavings" if result["exhaustive"] else result.get("verdict") or EXPLORED
            plural = "s" if result["schedules"] != 1 else ""
            self.line(f"{result['nodeid']}: {result['schedules']} schedule{plural}, {proof}: no hazard")

    def notes_on_many(self, results: Sequence[dict[str, Any]]) -> None:
        """Write what was counted."""
        more = self._cut_short - NAMED
        if more > 0 and not self._verbose:
            plural = "s" if more > 1 else ""
            self.line(f"{more} more test{plural} {CUT_SHORT} (-v names them all)", yellow=True)
        not_included: dict[str, list[str]] = {}
        for result in results:
            for note in result["notes"]:
                if is_not_included(note):
                    not_included.setdefault(note, []).append(result["nodeid"])
        for note, tests in not_included.items():
            self.line(f"{tests[0]}: {note}" if len(tests) == 1 else f"{note} ({len(tests)} tests)")


def _proofs(result: dict[str, Any]) -> list[str]:
    return [note for note in result["notes"] if result["exhaustive"] and is_proof(note)]


def _errors(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [hazard for hazard in result["hazards"] if hazard["severity"] == "error"]


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
    """Return one line: tests stressed, schedules run, hazards found, and failures that are no hazard's."""
    explored = stressed(results)
    if results and not explored:
        return "no test stressed"
    schedules = sum(result["schedules"] for result in explored)
    new = Counter((h["code"], h["name"]) for result in results for h in result["hazards"] if not h["known"])
    hazards = ", ".join(f"{count} {code} {name}" for (code, name), count in sorted(new.items()))
    number = len(explored)
    tests = f"{number} test{'s' if number != 1 else ''} stressed"
    runs = f"{schedules} schedule{'s' if schedules != 1 else ''}"
    known = any(hazard["known"] for result in results for hazard in result["hazards"])
    ordinary = sum(result["outcome"] == "failed" and not _errors(result) for result in explored)
    failed = f", {ordinary} failed otherwise" if ordinary else ""
    short = sum(result.get("verdict") == CUT_SHORT for result in results)
    cut = f", {short} {CUT_SHORT}: no verdict on all that was to be run" if short else ""
    return f"{tests}, {runs}: {hazards or ('no new hazard' if known else 'no hazard')}{failed}{cut}"
