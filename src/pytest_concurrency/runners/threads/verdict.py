"""What exploring a test has come to: its findings, its result for the report, and the error that it fails with."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import pytest

from ...explore.model import Exploration, Found
from ...extensions import reviewed
from ...model import Finding, TestResult
from ...notes import CUT_SHORT, EXPLORED, PROVEN, is_proof, not_included
from ...options import THREADS
from ...realtime import RealTime
from ...report.baseline import marked
from ...report.explain import explain
from ...report.named import with_own_text
from ...report.prose import fitted
from ...report.replaying import command
from ...report.width import width_of
from ...schedules import token as tokens
from ..base import hand_in
from ..errors import without_our_frames
from ..whole_suite.blame import OwnDoing
from .stress import Stress


def findings_of(stress: Stress) -> tuple[tuple[Found | None, Finding], ...]:
    """Return what was found as findings, without those that settings or comments dismiss."""
    item = stress.item
    kept: list[tuple[Found | None, Finding]] = []
    width = width_of(stress.item.config)
    for found in (*stress.exploration.found, *stress.exploration.suspected):
        level = stress.settings.severity(found.failure.code)
        if level is not None and not stress.dismissals(found.failure) and not stress.accepted.covers(found.failure):
            word = "" if found.free else tokens.make(item.nodeid, found.failure.code, found.directives)
            finding = explain(
                found, word, item.nodeid, item.config.rootpath, level, width, command(item.config, item.nodeid, word)
            )
            kept.append((found, marked(reviewed(item, finding), stress.item.config, item.nodeid)))
    detected = (reviewed(item, finding) for finding in dict.fromkeys(stress.detected))
    kept += [(None, marked(finding, stress.item.config, item.nodeid)) for finding in detected]
    return tuple(kept)


def hand_in_result(stress: Stress, findings: Iterable[tuple[Found | None, Finding]], outcome: str) -> None:
    """Hand in what the report says of the test; nothing for a copy that helps to explore it."""
    if stress.is_helper:
        return
    exploration = stress.exploration
    notes = [*exploration.notes, *stress.dismissals.notes, *stress.memory.damage()]
    unproven = bool(stress.program.gave_up or stress.accepted.findings)
    if unproven:
        notes = [note for note in notes if not is_proof(note)]
    if stress.program.gave_up:
        notes.append(f"{stress.program.gave_up} schedules ended in a skip and were not judged")
    if outcome == "passed" and not stress.plan.implicit and _had_one_worker(stress):
        notes.append("no two workers or threads ran at once: there was nothing to explore")
    if outcome == "passed":
        notes += [not_included(name) for name in _not_imported(stress.settings.include)]
    extra: tuple[tuple[str, Any], ...] = ()
    if isinstance(stress.dismissals, OwnDoing) and stress.dismissals.reasons:
        extra = (("own_doing", stress.dismissals.reasons[0]),)
        notes += [f"no fault of the code under test: {reason}" for reason in stress.dismissals.reasons]
    hand_in(
        stress.item,
        TestResult(
            nodeid=stress.item.nodeid,
            runner=THREADS,
            outcome=outcome,
            schedules=exploration.schedules,
            exhaustive=exploration.exhaustive and not unproven,
            seconds=RealTime.monotonic() - stress.begun,
            seed=stress.settings.seed,
            findings=(*(finding for _, finding in findings), *stress.accepted.findings, *stress.wasted),
            notes=tuple(notes),
            extra=(
                *_extra(exploration, outcome == "passed" and stress.replayed is None, unproven),
                *stress.extra,
                *extra,
            ),
            reviewed=True,
        ),
    )


def _not_imported(include: Iterable[str]) -> list[str]:
    """Return the names of ``include`` that name nothing: mistyped, or not used by the test."""
    return [name for name in include if not any(each == name or each.startswith(f"{name}.") for each in sys.modules)]


def _had_one_worker(stress: Stress) -> bool:
    """Say whether the first run, in which workers take their turns, had but one: the test, a thread or a worker."""
    first, plan = stress.exploration.first, stress.plan
    if first is None or first.external:
        return False
    runs_itself = plan.via_fixture or plan.settings.workers == 0  # else the main thread only waits for the workers
    return len(first.workers) <= (1 if runs_itself else 2)


def _extra(exploration: Exploration, passed: bool, unproven: bool) -> tuple[tuple[str, Any], ...]:
    """Return what the JSON report says of this carrier's tests beyond the common fields.

    A test that did not pass has no verdict.
    """
    verdict = None
    if passed:
        verdict = PROVEN if exploration.exhaustive and not unproven else EXPLORED
        if exploration.cut_short:
            verdict = CUT_SHORT
    table = [outcome.to_json() for outcome in exploration.outcomes]
    unseen = sorted(exploration.unseen) if passed else []
    return (
        ("verdict", verdict),
        *((("outcomes", table),) if table else ()),
        *((("not_looked_into", unseen),) if unseen else ()),
    )


def raise_what_was_found(stress: Stress, findings: Iterable[tuple[Found | None, Finding]]) -> None:
    """Fail the test with what was found, if anything was."""
    __tracebackhide__ = True
    exploration = stress.exploration
    if stress.raised is not None:
        notes = getattr(stress.raised, "__notes__", ())
        if isinstance(stress.raised, pytest.fail.Exception) and notes:
            pytest.fail("\n\n".join([str(stress.raised), "\n".join(notes)]), pytrace=False)
        raise without_our_frames(stress.raised)
    if exploration.plain is not None:
        raise without_our_frames(exploration.plain)
    if exploration.stopped:
        pytest.fail(f"{exploration.stopped}; raise timeout= if the code needs longer", pytrace=False)
    errors = [(found, finding) for found, finding in findings if finding.is_error]
    for found, _ in errors:
        if found is not None and found.outcome.error is not None:
            raise without_our_frames(found.outcome.error)
    details = [finding.detail or finding.message for finding in with_own_text(finding for _, finding in errors)]
    width = width_of(stress.item.config)
    details += [fitted(f"{f.code} {f.name}: {f.detail}", width) for f in stress.wasted if f.is_error]
    if details:
        pytest.fail("\n\n".join(details), pytrace=False)
