"""In the worker process: runs one greenlet test as often as planned, watched, and says what was found."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import pytest

from ...hazards import ERROR
from ...model import Finding, TestResult
from ...options import GREENLETS
from ...report.baseline import marked
from ...report.named import with_own_text
from ...report.prose import fitted
from ...report.width import width_of
from ...trace.errors import in_a_line
from ..afresh import begin_again, without_fixtures
from ..base import ACTIVE_RUNNER, Plan, hand_in, plan_of, root_of
from ..rewind import forget_state, note_state
from . import WORKER_PLUGIN, headed
from .closedpeer import ClosedPeers
from .evidence import Block
from .exploring import Explorations, without_machinery, worth_explaining
from .gathered import Gathered
from .repeat import Repeat, run_repeat
from .runner import GreenletRunner
from .serial import overlap_note
from .why import milliseconds, relative_to

if TYPE_CHECKING:
    from .orders.explore import Explored
    from .worker import Worker

_ENOUGH = 3  # repeats after which a test that has shown its errors need not go on
_MOST_EXACT = 3
_MORE = 4  # further runs that fail alike after one that has passed and one that has failed


class InWorker:
    """The plugin that calls the test function of greenlet tests."""

    def __init__(self) -> None:
        self._explorations: Explorations | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        plan = plan_of(item, GREENLETS)
        if plan is not None:
            item.stash[ACTIVE_RUNNER] = GreenletRunner(plan.settings.workers)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        plan = plan_of(pyfuncitem, GREENLETS)
        if plan is None:
            return None
        if self._explorations is None:
            self._explorations = Explorations(pyfuncitem.config)
        StressedTest(pyfuncitem, plan, self._explorations).run()
        return True


class StressedTest:
    """All the repeats of one test, and its verdict."""

    def __init__(self, item: pytest.Function, plan: Plan, explorations: Explorations) -> None:
        worker: Worker | None = item.config.pluginmanager.get_plugin(WORKER_PLUGIN)
        assert worker is not None
        self._item = item
        self._plan = plan
        self._worker = worker
        self._relative = relative_to(str(item.config.rootpath))
        test = item.originalname, str(item.path)
        self._gathered = Gathered(plan.settings, self._relative, test, root_of(item))
        self._began = perf_counter()
        self._runs = self._exact_runs = 0
        self._notes: list[str] = []
        self._explorations = explorations
        self._explored: Explored | None = None
        self._spawned = 0
        self._counted: int | None = None
        self._over = False
        self._was_exact = False

    def run(self) -> None:
        """Run the test; raise its own failure, or one for what was found."""
        without_fixtures(self._item, lambda: note_state(self._item), bounded=False)  # the controller sees to that
        try:
            self._run()
        finally:
            forget_state(self._item)

    def _run(self) -> None:
        if self._plan.settings.replay is not None:
            self._explored = self._explorations.replay(self._item, self._plan, self._worker.channel)
            self._conclude(self._explored.error)
            return
        late = self._worker.patched_too_late(self._plan.settings, self._relative)
        if late is not None:
            self._gathered.add(late)
        error: BaseException | None = None
        while error is None and self._wanted():
            error = self._repeat()
        if error is not None and self._runs == 2 and not self._over and self._fails_each_time(error):
            self._counted = 1
            explained = self._explore(error)
            if self._explored is None or not self._explored.findings:  # one after the other it fails as well
                self._explored, explained = None, None
                self._notes.append(_left_behind(error))
            else:
                self._counted = None
            self._conclude(explained)
            return
        if error is not None and self._runs == 1 and worth_explaining(error) and self._gathered.unsettled():
            spent, settings = perf_counter() - self._began, self._plan.settings
            if spent <= settings.max_seconds / 2 and settings.repeats > 1 and not self._over:
                self._repeat()  # the failure may come from a block that only a second sighting settles
        self._conclude(self._explore(error))

    def _repeat(self) -> BaseException | None:
        """Run the test once more and return what it failed with."""
        exact = self._wants_exact()
        self._was_exact = exact
        if self._runs:
            begin_again(self._item, bounded=False)
        self._exact_runs += exact
        self._runs += 1
        repeat = run_repeat(self._item, self._plan, self._runs, exact, self._worker.channel, self._stuck)
        self._gathered.take(repeat)
        self._note_overlap(repeat)
        self._spawned = max(self._spawned, len(repeat.lives))
        error = repeat.error
        if repeat.survivors:
            self._over = True
            self._notes.append(
                f"run {self._runs} is the last: {repeat.survivors} of its greenlets did not end when they were killed "
                f"(spawned at {repeat.spawned or 'no line of the project'}), since they catch GreenletExit"
            )
        repeat.forget()
        return error

    def _wants_exact(self) -> bool:
        """Return whether the next repeat is to time each call.

        In turns with plain ones, which alone tell of computations in Python, and take less: what the first has seen the
        second is to settle.
        """
        if not self._gathered.needs_exact or self._exact_runs >= _MOST_EXACT or self._was_exact:
            return False
        return self._runs != 1 or self._plan.settings.repeats == 2 or not self._gathered.unsettled()

    def _fails_each_time(self, error: BaseException) -> bool:
        """Say whether the test, which has passed before, fails as it did now whenever it is run again."""
        if not worth_explaining(error):
            return False
        end = perf_counter() + self._plan.settings.max_seconds
        return all(perf_counter() <= end and type(self._repeat()) is type(error) for _ in range(_MORE))

    def _explore(self, error: BaseException | None) -> BaseException | None:
        """Explore the order of the greenlets where that can tell anything; return the error of the test."""
        blocked = any(f.is_error and f.code != "CH104" for f in self._marked())
        if blocked or not self._spawned or self._over:
            return error
        if self._plan.settings.repeats == 1:
            self._notes.append("the order of the greenlets was not explored: repeats=1")
            return error
        if error is not None and not worth_explaining(error):
            return error
        seconds = (perf_counter() - self._began) / self._runs
        explored = self._explorations.explore(self._item, self._plan, self._worker.channel, error, seconds)
        self._explored = explored
        if any(f.code == "CH104" for f in explored.findings):
            self._gathered.replace_deadlock()
        elif explored.stuck:
            self._gathered.tell_more_of_deadlock(explored.stuck, explored.died)
        return explored.error if explored.error is not None else error

    def _wanted(self) -> bool:
        settings, runs, gathered = self._plan.settings, self._runs, self._gathered
        if runs == 0:
            return True
        if self._over:
            return False
        if runs >= _ENOUGH and any(finding.is_error for finding in self._marked()):
            return False
        if runs >= settings.repeats:
            return False  # never more often than was asked for: a body may not be made for that
        spent = perf_counter() - self._began
        if spent + spent / runs <= settings.max_seconds:
            return True
        # What only a further repeat can settle gets one, although the time is up.
        return (gathered.needs_exact and self._exact_runs == 0) or (runs == 1 and gathered.unsettled())

    def _note_overlap(self, repeat: Repeat) -> None:
        if repeat.number == 1:
            note = overlap_note(repeat.lives)
            if note is not None:
                self._notes.append(note)

    def _conclude(self, error: BaseException | None) -> None:
        findings = self._marked()
        if isinstance(error, (KeyboardInterrupt, pytest.skip.Exception, pytest.exit.Exception)):
            raise error
        errors = [finding for finding in findings if finding.is_error]
        if any(finding.code == "CH104" for finding in findings):
            error = None  # it is what the finding says
        if isinstance(error, (Exception, pytest.fail.Exception)) and not errors and self._known_order():
            error = None
        outcome = "failed" if error is not None or errors else "passed"
        hand_in(self._item, self._result(outcome, findings))
        if error is not None:
            raise without_machinery(error)
        if errors:
            width = width_of(self._item.config)
            texts = [
                fitted(headed(f.code, f.name, f.detail or f.message), width, f.message) for f in with_own_text(errors)
            ]
            pytest.fail("\n\n".join(texts), pytrace=False)

    def _marked(self) -> tuple[Finding, ...]:
        config, nodeid = self._item.config, self._item.nodeid
        explored = self._explored.findings if self._explored is not None else ()
        gathered = [f for f in self._gathered.findings() if self._counted is None or f.schedule <= self._counted]
        return tuple(marked(finding, config, nodeid) for finding in (*gathered, *explored))

    def _known_order(self) -> bool:
        """Say whether the order in which the test fails shows a hazard that the baseline knows."""
        explored = self._explored.findings if self._explored is not None else ()
        config, nodeid = self._item.config, self._item.nodeid
        return any(f.effective_severity == ERROR and marked(f, config, nodeid).known for f in explored)

    def _stuck(self, block: Block | None, peers: ClosedPeers) -> TestResult:
        """Return the result of a body that never ends; called from the watchdog's thread."""
        self._gathered.endless(self._runs, block, peers)
        return self._result("error")

    def _result(self, outcome: str, findings: tuple[Finding, ...] | None = None) -> TestResult:
        settings = self._plan.settings
        seconds = perf_counter() - self._began
        notes = [*self._notes, *self._gathered.notes()]
        runs = self._runs
        if self._explored is not None:
            notes += self._explored.notes
            runs += self._explored.runs
        if 0 < self._runs < settings.repeats and outcome == "passed":
            notes.append(f"{self._runs} of {settings.repeats} repeats ran in {milliseconds(seconds)}")
        return TestResult(
            self._item.nodeid, GREENLETS, outcome, runs, seconds=seconds, seed=settings.seed,
            findings=self._marked() if findings is None else findings, notes=tuple(notes),
            timeline=self._gathered.timeline,
        )  # fmt: skip


def _left_behind(error: BaseException) -> str:
    """Return the note on a test that can be run once and then only fails."""
    return (
        f"it passed once and fails whenever it is run again ({in_a_line(error)}): what it leaves behind "
        "could not be put back; those runs do not count, and the order of the greenlets was not explored"
    )


__all__ = ["InWorker", "StressedTest"]
