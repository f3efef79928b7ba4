"""Exploring a stressed test: its program, or each of its examples, under control, and then freely on real threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from ...explore.model import Exploration
from ...explore.pipeline import Explorer
from ...extensions import announced
from ...model import Finding
from ...notes import cut_short_by
from ...realtime import RealTime
from ...report.baseline import marked
from ...report.progress import progress_for
from ...runtime.execution import Execution
from ...settings import Settings
from ...strategies.serial import Serial
from ...trace.outcome import Outcome
from ..errors import is_no_verdict
from ..memory import replay_note
from ..whole_suite.blame import OwnDoing
from .examples import Clock, each_example, is_hypothesis_test, schedules_of_an_example
from .free_run import FREE_SHARE, MAX_VIRTUAL_SECONDS, Hung, found_freely
from .stress import Stress
from .verdict import findings_of, raise_what_was_found
from .wasted import wasted, worth_asking

FOR_EVER = 1e9


def explore_program(stress: Stress, settings: Settings, once: Callable[[Execution], Outcome]) -> Exploration:
    """Explore one program: replay, or try what is remembered and then look further."""
    explorer = Explorer(
        announced(stress.item, once),
        settings,
        stress.sites,
        stress.outsiders,
        stress.dismissals,
        stress.stale,
        stress.accepted,
        collects=stress.plan.via_fixture and not is_hypothesis_test(stress.item),
        share=stress.share,
    )
    if stress.replayed is None:
        known = [token.directives for _, token in stress.remembered]
        if not is_hypothesis_test(stress.item):
            explorer.progress = progress_for(stress.item.config, settings.schedules, settings.max_seconds)
        try:
            exploration = explorer.explore(known)
        finally:
            if explorer.progress is not None:
                explorer.progress.clear()
        if isinstance(stress.dismissals, OwnDoing):
            stress.suite.judge(explorer, exploration, stress.dismissals, settings.seed)
        if stress.detectors:
            stress.detected += _detected(stress, explorer, exploration, settings)
        return exploration
    exploration, replay = explorer.replay(stress.replayed.directives, stress.replayed.code)
    note = replay_note(exploration, len(stress.replayed.directives), len(replay.followed))
    exploration.notes.append(note)
    return exploration


def explore_examples(stress: Stress, runtest: Callable[[], None]) -> None:
    """Let Hypothesis run the test, and explore each of its examples."""
    plan, program = stress.plan, stress.program
    clock = Clock(stress.settings.max_seconds)
    each = schedules_of_an_example(stress.settings.schedules)
    total = 0

    def explore(example: Callable[[], Any]) -> None:
        __tracebackhide__ = True
        nonlocal total

        def body(execution: Execution) -> None:
            if plan.via_fixture or plan.settings.workers == 0:
                example()
            else:
                program.on_all_workers(execution, example)

        def once(execution: Execution) -> Outcome:
            program.rewind()
            return program.controlled(execution, lambda: body(execution))

        settings = replace(stress.settings, schedules=each if clock.open() else 1, max_seconds=FOR_EVER)
        exploration = stress.exploration = explore_program(stress, settings, once)
        total += exploration.schedules
        findings = findings_of(stress)
        clock.failed = clock.failed or exploration.plain is not None or any(f.is_error for _, f in findings)
        raise_what_was_found(stress, findings)

    raised: BaseException | None = None
    with each_example(stress.item, explore):
        try:
            runtest()
        except (Exception, pytest.fail.Exception, pytest.skip.Exception, pytest.xfail.Exception) as error:
            raised = error
    exploration = stress.exploration
    exploration.schedules = total
    if raised is None:
        exploration.found.clear()
        exploration.suspected.clear()
        exploration.plain = None
    elif exploration.found:
        stress.raised = raised
    else:
        exploration.plain = raised
    if clock.skipped:
        exploration.cut_short = True
        exploration.notes.append(f"{clock.skipped} examples were run in serial order only: max_seconds was over")


def _detected(stress: Stress, explorer: Explorer, exploration: Exploration, settings: Settings) -> Iterator[Finding]:
    """Yield what the detectors of other plugins find in a serial run and in those that show a failure."""
    if exploration.plain is not None or exploration.stopped or exploration.stale:
        return
    for outcome in (explorer.again(Serial(), recording=True), *(found.outcome for found in exploration.found)):
        for detector in stress.detectors:
            for finding in detector(outcome):
                level = settings.severity(finding.code)
                if level is not None:
                    yield replace(finding, severity=finding.severity or level)


def run_freely(stress: Stress) -> None:
    """The free-running phase, where the controlled one found nothing and time is left."""
    exploration, settings = stress.exploration, stress.settings
    first = exploration.first
    if exploration.found or exploration.plain is not None or exploration.stopped or stress.replayed is not None:
        return
    if stress.plan.implicit:
        return  # such a run cannot tell the test's own doing from a fault of the code
    if first is None or first.external or exploration.unrepeatable or is_hypothesis_test(stress.item):
        return
    if first.virtual_seconds > MAX_VIRTUAL_SECONDS:
        slept = first.virtual_seconds - first.polled_seconds
        what = f"sleeps or waits for time-outs ({slept:.3g} s in the first schedule)"
        if slept <= MAX_VIRTUAL_SECONDS:
            what = "polls for what others do, or computes for long from what nobody writes"
        exploration.notes.append(f"not run freely on real threads: the test {what}")
        return
    for interval in settings.switch_intervals:
        if RealTime.monotonic() - stress.begun > FREE_SHARE * settings.max_seconds:
            if not exploration.cut_short:
                exploration.cut_short = True
                what = "not run freely on real threads at every switch interval"
                exploration.notes.append(cut_short_by(settings.max_seconds, what))
            break
        result = stress.program.free(interval)
        if result.error is not None and is_no_verdict(result.error):
            continue
        if isinstance(result.error, Hung):
            exploration.cut_short = True
            exploration.notes.append(f"not judged on real threads at an interval of {interval:g} s: {result.error}")
            return
        if result.error is not None or result.unseen is not None:
            exploration.found.append(found_freely(result, exploration.schedules))
            return
    if not stress.plan.implicit and worth_asking(exploration, stress.program):
        found, row = wasted(stress.program, settings, stress.item.config.rootpath)
        stress.wasted = tuple(marked(finding, stress.item.config, stress.item.nodeid) for finding in found)
        stress.extra = tuple((row or {}).items())
