"""The pytest plugin that runs the tests planned for processes."""

from __future__ import annotations

import multiprocessing
import re
import threading
from dataclasses import replace
from typing import Any

import pytest

from ...hazards import STANDSTILL
from ...model import Finding, TestResult
from ...options import PROCESSES
from ...realtime import RealTime
from ...report.baseline import marked
from ...report.progress import Progress, progress_for
from ...report.prose import fitted
from ...report.width import width_of
from ...runtime.leftovers import exit_without
from ...settings import Settings
from ...watch.tree import helpers, stop_fork_server
from ..afresh import begin_again, output_so_far, tear_down, without_fixtures
from ..base import ACTIVE_RUNNER, Plan, hand_in, plan_of
from ..rewind import forget_state, note_state
from ..subtests import raising_subtests
from .fixture import ProcessRunner
from .outcome import RAISED, Outcome
from .run import Run, run_body, run_workers

ENDING = frozenset({"CH404", "CH405", "CH406", "CH407", "CH409"})
"""Hazards that end the test with an exception of their own, or by a hang."""
EXPLORED = frozenset({"CH101", "CH108"})
"""Hazards of a run in real time of which a schedule tells more."""
FAILED: pytest.StashKey[list[Outcome]] = pytest.StashKey()


class ProcessPlugin:
    """Runs each planned test ``repeats`` times, within ``max_seconds``, until something is found."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self._helpers = helpers()
        self._left: list[threading.Thread] = []

    def pytest_unconfigure(self) -> None:
        if self._left:
            exit_without(self._left)
        if helpers() - self._helpers:
            stop_fork_server()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        plan = plan_of(item, PROCESSES)
        if plan is not None and isinstance(item, pytest.Function):
            item.stash[ACTIVE_RUNNER] = ProcessRunner(item, plan.settings)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        plan = plan_of(pyfuncitem, PROCESSES)
        if plan is None:
            return None
        with raising_subtests(pyfuncitem):
            _Session(pyfuncitem, plan, self._left).run()
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        report = yield
        outcomes = item.stash.get(FAILED, None)
        if call.when == "call" and outcomes and report.failed:
            _show(item, report, outcomes)
        return report


def _show(item: pytest.Item, report: pytest.TestReport, outcomes: list[Outcome]) -> None:
    """Show the first worker's failure as pytest's own, and what the others said as sections."""
    first = next((o for o in outcomes if o.status == RAISED and o.report is not None), None)
    if first is not None and first.report is not None and first.report.longrepr is not None:
        rebuilt = item.config.hook.pytest_report_from_serializable(config=item.config, data=first.report.longrepr)
        report.longrepr = rebuilt.longrepr
    for outcome in outcomes:
        if outcome is not first and first is not None:
            text = outcome.report.summary if outcome.status == RAISED and outcome.report else outcome.describe(0)
            report.sections.append((f"worker {outcome.index}", text))
        elif outcome is first and outcome.output:
            report.sections.append((f"output of worker {outcome.index}", outcome.output))


class _Session:
    """All runs of one test. ``struck`` are the hazards that exploring met and the baseline knows; ``left`` takes the
    threads of a body that hung."""

    def __init__(self, item: pytest.Function, plan: Plan, left: list[threading.Thread]) -> None:
        self.item = item
        self.plan = plan
        self.settings: Settings = plan.settings
        self.count = 0
        self.explored = 0
        self.findings: list[Finding] = []
        self.struck: list[Finding] = []
        self.notes: list[str] = []
        self.verdict: str | None = None
        self.left = left

    def run(self) -> None:
        start = RealTime.monotonic()
        outcome = "error"
        try:
            without_fixtures(self.item, lambda: note_state(self.item, self.settings.include))
            outcome = "failed"
            if not self._explore() and not self._known_to_wait():
                self._repeat(start)
            outcome = "passed"
        except pytest.skip.Exception:
            outcome = "passed"
            raise
        finally:
            forget_state(self.item)
            result = TestResult(
                nodeid=self.item.nodeid,
                runner=PROCESSES,
                outcome=outcome,
                schedules=self.explored + self.count,
                seconds=RealTime.monotonic() - start,
                seed=self.settings.seed,
                findings=tuple(self.findings),
                notes=tuple(self.notes),
                extra=(("repeats", self.count), ("verdict", self.verdict if outcome == "passed" else None)),
            )
            hand_in(self.item, result)

    def _explore(self) -> bool:
        """Explore schedules, or replay one; fail where one fails. Return True where nothing else is to be run."""
        own = self.settings.workers == 0 and not self.plan.via_fixture
        if "fork" not in multiprocessing.get_all_start_methods():
            return self._cannot_replay()
        if own and self.settings.replay is None:
            return False  # the first run shows whether its processes can be controlled
        if not own and self.settings.start_method not in (None, "fork"):
            self.notes.append(f"schedules were not explored: start_method={self.settings.start_method!r} was asked for")
            return self._cannot_replay()
        return self._explored()

    def _explored(self) -> bool:
        from .controlled.session import explore

        explored = explore(self.item, self.settings, self.plan.via_fixture)
        self._fresh_runner()
        self.explored = explored.schedules
        self.verdict = explored.verdict or None
        errors = [finding for finding in explored.findings if finding.is_error]
        self.struck = [finding for finding in explored.findings if finding.known]
        told = {finding.code for finding in (*errors, *self.struck) if finding.code in EXPLORED}
        if errors or told:
            told.add("CH101")  # what else it may be, a schedule tells better
            self.findings = [finding for finding in self.findings if finding.code not in told]
        self.findings += explored.findings
        self.notes += explored.notes
        if explored.failed:
            self.item.stash[FAILED] = list(explored.failed)
        if explored.error is not None:
            raise explored.error
        if errors:
            pytest.fail("\n\n".join(finding.detail for finding in errors), pytrace=False)
        return explored.replayed

    def _cannot_replay(self) -> bool:
        if self.settings.replay is not None:
            pytest.fail("this test has no schedules that could be replayed", pytrace=False)
        return False

    def _repeat(self, start: float) -> None:
        progress = progress_for(self.item.config, self.settings.repeats, self.settings.max_seconds, "repeats")
        try:
            self._repeats(start, progress)
        finally:
            if progress is not None:
                progress.clear()

    def _repeats(self, start: float, progress: Progress | None) -> None:
        one = self._body if self.plan.via_fixture or self.settings.workers == 0 else self._workers
        longest = 0.0
        for number in range(1, self.settings.repeats + 1):
            begun = RealTime.monotonic()
            if number > 1:
                if begun - start + longest > self.settings.max_seconds:
                    self.notes.append(
                        f"{number - 1} of {self.settings.repeats} repeats were run in {self.settings.max_seconds:g} s"
                    )
                    break
                begin_again(self.item)
                self._fresh_runner()
            self.count = number
            run = one()
            longest = max(longest, RealTime.monotonic() - begun)
            run = self._take(run, number)
            if run.failed:
                self.item.stash[FAILED] = list(run.failed)
            if run.error is not None:
                if number == 1 and not self._is_known(run):
                    self._explain(run)
                if self._accepted(run):
                    return
                raise run.error
            errors = [finding for finding in self.findings if finding.is_error]
            if number == 1 and run.explorable and all(finding.code in EXPLORED for finding in errors):
                self._explored_afresh()
                errors = [finding for finding in self.findings if finding.is_error]
            if errors:
                width = width_of(self.item.config)
                pytest.fail("\n\n".join(_text(finding, width) for finding in errors), pytrace=False)
            if progress is not None:
                progress.tick(number)

    def _explain(self, run: Run) -> None:
        """Explore a test that has failed in real time before any schedule was: where one fails it tells more."""
        if (
            run.explorable
            and isinstance(run.error, Exception)
            and not any(finding.code in ENDING for finding in run.findings)
        ):
            print_again = output_so_far(self.item)
            self._explored_afresh()
            print_again()
            if self.verdict:
                self.notes.append("it failed in a run in real time, and under none of the schedules that were explored")

    def _explored_afresh(self) -> None:
        """Explore from fixtures and a state of their own: the body has run once."""
        begin_again(self.item)
        self._fresh_runner()
        self._explored()

    def _fresh_runner(self) -> None:
        runner = self.item.stash.get(ACTIVE_RUNNER, None)
        if isinstance(runner, ProcessRunner):
            runner.forget()

    def _accepted(self, run: Run) -> bool:
        """Say, and note, whether ``run`` was ended by a hazard which the baseline knows."""
        known = self._is_known(run)
        if known:
            self.notes.append(f"ended in repeat {self.count} by {known}, which the baseline knows")
            self.item.stash[FAILED] = []
        return bool(known)

    def _is_known(self, run: Run) -> str:
        """Return the code of the hazard which the baseline knows and which ended ``run``, "" where there is none.

        One that exploring has met accounts for an exception in real time, where nobody can see whether it struck.
        """
        codes = [finding.code for finding in run.findings if finding.known and finding.code in ENDING]
        new = any(finding.is_error for finding in run.findings)
        if not codes and not new and isinstance(run.error, (Exception, pytest.fail.Exception)):
            codes = [finding.code for finding in self.struck]
        return codes[0] if codes else ""

    def _known_to_wait(self) -> bool:
        """Say whether the workers may wait for each other for ever, as the baseline knows: real runs would hang."""
        known = [finding for finding in self.struck if finding.code in STANDSTILL]
        if known:
            self.notes.append(f"not run in real time: {known[0].code}, which the baseline knows, may strike there")
        return bool(known)

    def _take(self, run: Run, number: int) -> Run:
        """Keep what ``run`` has found; return it with its findings as they count."""
        counted = []
        self.left += run.threads
        for finding in run.findings:
            severity = self.settings.severity(finding.code)
            if severity is None:
                continue
            if finding.severity == "error":
                severity = "error"
            finding = marked(replace(finding, severity=severity, schedule=number), self.item.config, self.item.nodeid)
            counted.append(finding)
            if _key(finding) not in {_key(old) for old in self.findings}:
                self.findings.append(finding)
        self.notes += [note for note in run.notes if note not in self.notes]
        return replace(run, findings=tuple(counted))

    def _body(self) -> Run:
        runner = self.item.stash[ACTIVE_RUNNER]
        assert isinstance(runner, ProcessRunner)
        run = run_body(self.item, self.settings, lambda: tear_down(self.item))
        return replace(
            run, findings=(*run.findings, *runner.findings_for(run.error)), notes=(*run.notes, *runner.notes)
        )

    def _workers(self) -> Run:
        return run_workers(self.item, self.settings)


def _key(finding: Finding) -> tuple[object, ...]:
    places = tuple((location.path, location.line) for location in finding.locations)
    return finding.code, places or re.sub(r"\d+", "", finding.message)  # process ids differ from run to run


def _text(finding: Finding, width: int) -> str:
    text = f"{finding.code} {finding.name}: {finding.message}\n{finding.detail}".rstrip()
    return fitted(text, width)
