"""Exploring one test: observe it, confirm suspicions, explore the rest of the budget, shorten what failed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..detect.failures import Failure, failures_of
from ..instrument.sites import Site, Sites
from ..notes import cut_short_by
from ..realtime import RealTime
from ..runtime.outsiders import Outsiders
from ..runtime.values import Reference, same_value
from ..schedules.directives import Directive, Replay, from_switches
from ..settings import Settings
from ..strategies.base import NEVER, Strategy
from ..strategies.bounded import Bounded
from ..strategies.directed import Directed
from ..strategies.dpor import Dpor
from ..strategies.precise import Precise
from ..strategies.random_walk import RandomWalk
from ..strategies.round_robin import RoundRobin
from ..strategies.serial import Serial
from ..trace.events import Event
from ..trace.outcome import LostUpdate, Outcome, Row
from .audit import Audit
from .contention import has_own_orders
from .model import Exploration, Found, Share
from .portfolio import Portfolio
from .proof import cut_short, doubt_of, newly_shared, verdict
from .runs import RunOnce, Runs
from .suspects import CYCLES

if TYPE_CHECKING:
    from ..report.progress import Progress

LOST = "CH101"
FIRM_SCHEDULES = 8
"""So many schedules of the likeliest suspicions are run although the time is over."""
LOOK_AFTER = 2_000
"""Operations after which a run that has to show no more than one update goes on uncontrolled."""
PRECISE_STEPS = 2_000
"""Operations of a run above which ``auto`` does not try to run every interleaving."""
PRECISE_HORIZON = 20_000
"""Operations after which such a run goes on uncontrolled, and proves nothing."""
SUSPICION_RUNS = 10
SUSPICION_SHARE = 0.5
"""Part of max_seconds that following up what no schedule settled may take in addition."""
OTHERS = 3
"""Random orders that are tried where a test fails in the first order and in its mirror image."""


class Explorer:
    """Explores one program.

    ``run_once`` sets the program up afresh and runs it under the given execution; ``stale`` is asked after the first
    run whether code in scope has come that is not instrumented yet; ``accepted`` takes known failures out of those of
    a run (with its number); ``collects``: the test may hand in outcomes.
    """

    def __init__(
        self,
        run_once: RunOnce,
        settings: Settings,
        sites: Collection[Site],
        outsiders: Outsiders | None = None,
        dismissed: Callable[[Failure], bool] = lambda failure: False,
        stale: Callable[[], bool] = lambda: False,
        accepted: Callable[[Sequence[Failure], int], Sequence[Failure]] = lambda failures, schedule: failures,
        collects: bool = False,
        share: Share | None = None,
    ) -> None:
        self._settings = settings
        self._sites = sites
        self._dismissed = dismissed
        self._stale = stale
        self._accepted = accepted
        self._share = share
        self._told: tuple[Directive, ...] | None = None
        self._runs = Runs(run_once, settings, sites, outsiders, collects)
        self._contention = self._runs.contention
        self._portfolio = Portfolio(settings, self._runs, sites, alone=share is None)
        self._started = RealTime.monotonic()
        self._result = Exploration()
        self._interrupted: set[str] = set()

    @property
    def progress(self) -> Progress | None:
        """Told of each run."""
        return self._runs.progress

    @progress.setter
    def progress(self, progress: Progress | None) -> None:
        self._runs.progress = progress

    def _time_left(self) -> float:
        return self._settings.max_seconds - (RealTime.monotonic() - self._started)

    def _budget_left(self) -> bool:
        return self._runs.count < self._settings.schedules and self._time_left() > 0

    def _owed(self, strategy: Strategy) -> bool:
        """Say whether ``strategy`` is to be run although the time is over: the likeliest suspicions always are."""
        few = self._runs.count < min(FIRM_SCHEDULES, self._settings.schedules)
        grace = max(self._settings.max_seconds, self._settings.timeout)
        return few and isinstance(strategy, Directed) and self._time_left() > -grace

    # -- the phases

    def _strategies(self) -> Iterator[Strategy]:
        return self._portfolio.strategies()

    def explore(self, remembered: Sequence[tuple[Directive, ...]] = ()) -> Exploration:
        """Run the phases until a failure is demonstrated or the budget is used up."""
        self._explored(remembered)
        return self._finished()

    def _finished(self) -> Exploration:
        self._result.schedules = self._runs.count
        self._result.outcomes = self._runs.tally.table(self._runs.count)
        return self._result

    def _explored(self, remembered: Sequence[tuple[Directive, ...]]) -> None:
        """Go through the phases until one of them ends it."""
        result = self._result
        for site in self._sites:
            site.contended = True
            site.group = 0
            site.seen = site.split = False
        # Most tests of a whole suite share nothing, so it pays to know it exactly. What keeps objects alive may change
        # what a test does, but only in the run whose failure is no verdict on the code.
        first = self._runs(Serial(), observing=True, keeping=self._settings.whole_suite)
        result.first = first
        if self._take_first(first):
            return
        if self._stale():
            result.stale = True
            return
        if any(self._take(self._runs(Replay(directives))) for directives in remembered):
            return
        if self._share is not None:
            self._runs.count = first.number  # all that explore this test have to count alike
        if self._look_around(first) or self._use_budget(first):
            return
        self._suspect()
        if self._time_left() <= 0 and self._runs.count < self._settings.schedules:
            result.cut_short = True
            what = f"{self._runs.count} of {self._settings.schedules} schedules were run"
            result.notes.append(cut_short_by(self._settings.max_seconds, what))

    def _look_around(self, first: Outcome) -> bool:
        """Observe the workers in other orders than that of the ``first`` run; return True where exploring ends here."""
        if not self._runs.silenced:
            self._runs.max_steps = _most_steps(first)
        for strategy in self._portfolio.at_once():
            if self._runs.count + 1 >= self._settings.schedules or self._time_left() <= 0:
                break
            # What is reached only because others were held is to be found by holding them on purpose, and not known.
            if self._take(self._runs(strategy, observing=True, learning=False)):
                return True
        self._runs.max_steps = 0
        second = self._runs(Serial(last_first=True), observing=True)
        if self._take(second):
            return True
        self._contention.focus(self._sites)
        if self._settings.whole_suite and self._shares_nothing(first, second):
            return True
        if not self._runs.silenced:  # else the length of a run is not known
            self._runs.max_steps = _most_steps(first, second)
        return False

    def _use_budget(self, first: Outcome) -> bool:
        """Run one strategy after the other while the budget lasts; return True where exploring ends here."""
        for strategy in self._strategies():
            if not self._budget_left() and not self._owed(strategy):
                break
            if self._share is not None:
                told = self._told or (self._share.heard() if not self._share.helper else None)
                self._told = None
                if told is not None and self._fails_here(told):
                    return True
                if self._share.is_over():
                    return True
                if self._is_for_another(strategy, self._share):
                    continue
            if isinstance(strategy, Precise):
                long = self._runs.silenced or first.steps > PRECISE_STEPS
                if long and self._settings.strategy == "auto":
                    continue
                spent = self._runs.count
                if self._every_interleaving(strategy):
                    return True
                if self._share is not None:
                    self._runs.count = spent  # all that explore this test have to count alike
            elif self._take(self._runs(strategy, observing=strategy in self._portfolio.looks)):
                return True
            if isinstance(strategy, Directed):
                self._interrupted.add(strategy.key)
        if self._share is None:
            return False
        told = self._share.wait(self._time_left())
        return self._share.helper > 0 or (told is not None and self._fails_here(told))

    def _fails_here(self, directives: tuple[Directive, ...]) -> bool:
        """Run a schedule that failed elsewhere; return True where it fails here, too, and exploring ends with it."""
        with self._runs.uncounted():
            outcome = self._runs(Replay(directives))
        if not self._take(outcome):
            return False
        self._runs.count = outcome.number
        return True

    def _is_for_another(self, strategy: Strategy, share: Share) -> bool:
        """Say whether another explorer runs ``strategy``; it counts all the same. A proof is not shared out."""
        if isinstance(strategy, Precise):
            return share.helper > 0
        if share.takes(self._runs.count):
            return False
        self._runs.count += 1
        if isinstance(strategy, Directed):
            self._interrupted.add(strategy.key)
        return True

    def again(self, strategy: Strategy, recording: bool = False) -> Outcome:
        """Run one more schedule that does not count, for a question about what was found."""
        with self._runs.uncounted():
            return self._runs(strategy, recording=recording)

    def _shares_nothing(self, *runs: Outcome) -> bool:
        """Say whether the workers met nowhere in ``runs``: every schedule is then like these."""
        known = self._contention
        met = known.contended or known.synchronising
        return not met and not any(run.external or len(run.workers) > self._settings.workers + 1 for run in runs)

    def _every_interleaving(self, strategy: Precise) -> bool:
        """Let ``strategy`` run all there is, within the budget; return True where exploring ends with it."""
        result = self._result
        alone = self._settings.strategy != "auto"
        allowance = self._portfolio.allowance
        files = frozenset(site.path for site in self._sites if not site.muted)
        covers = None
        if isinstance(self._sites, Sites):
            files |= self._sites.files
            covers = self._sites.covers
        strategy.files = files
        allowance.begin(self._runs.count, self._time_left())
        with Audit(strategy, files, covers or (lambda module, filename: filename in files)) as audit:
            while not strategy.exhausted and self._budget_left() and (alone or not strategy.doubts):
                if self._share is not None and (told := self._share.heard()) is not None:
                    self._told = told
                    return False
                done = strategy.progress if isinstance(strategy, Dpor) else 0.0
                if not alone and allowance.is_over(self._runs.count, done):
                    break
                if self._one_interleaving(strategy):
                    return True
        result.unseen |= audit.unseen
        allowance.end(self._runs.count)
        proven, said = verdict(strategy, alone)
        if proven:
            result.exhaustive = True
        elif alone and not strategy.exhausted:
            result.cut_short = True
        if said:
            result.notes.append(said)
        return proven or alone

    def _one_interleaving(self, strategy: Precise) -> bool:
        """Run the next schedule of ``strategy``, and tell it what came of it; return True where exploring ends here."""
        outcome = self._runs(strategy, observing=True, horizon=PRECISE_HORIZON)
        run = self._runs.last
        assert run is not None
        bound = strategy.bound if isinstance(strategy, Bounded) else 0
        doubt = doubt_of(run, outcome)
        if doubt:
            strategy.doubt(doubt)
        strategy.finish(cut_short(run, outcome))
        if self._take(outcome):
            if bound and self._result.found:
                plural = "s" if bound != 1 else ""
                self._result.notes.append(f"the failure needs at least {bound} preemption{plural}")
            return True
        for site in newly_shared(run):
            site.contended = True
            strategy.restart()
        return False

    def replay(self, directives: Sequence[Directive], code: str = "") -> tuple[Exploration, Replay]:
        """Run exactly one schedule, which has shown the hazard ``code``: a lost update beside another one was looked
        into then, and found to lose nothing."""
        strategy = Replay(directives)
        outcome = self._runs(strategy)
        if self._stale():
            self._result.stale = True
            return self._finished(), strategy
        if outcome.timed_out:
            self._result.stopped = outcome.timed_out
        elif outcome.error is not None and not directives and not self._passes_somehow(outcome):
            self._result.plain = outcome.error
        elif failures := failures_of(outcome):
            settled = code != LOST and any(failure.code == code for failure in failures)
            self._keep(replace(outcome, lost=()) if settled else outcome, tuple(directives), minimise=False)
            if settled:
                self._result.found = [
                    replace(found, related=tuple(f for f in found.related if f.code != LOST))
                    for found in self._result.found
                ]
        return self._finished(), strategy

    def _take_first(self, outcome: Outcome) -> bool:
        if outcome.timed_out:
            self._result.stopped = outcome.timed_out
            return True
        if outcome.error is not None and not self._passes_in_another_order(outcome):
            self._result.plain = outcome.error
            return True
        return self._take(outcome)

    def _passes_somehow(self, outcome: Outcome) -> bool:
        """Say whether the test, which failed without a preemption, passes in another order, or one after the other."""
        if self._passes_in_another_order(outcome):
            return True
        other = self._runs(Serial())
        return not (failures_of(other) or other.timed_out)

    def _passes_in_another_order(self, outcome: Outcome) -> bool:
        """Say whether the test, which failed in the first order tried, passes in one that is as good: where workers do
        different things, or the test starts them itself, none of the serial orders is *the* order. And an order is
        serial only if nobody comes in between where a worker sleeps."""
        run, error = self._runs.last, outcome.error
        if run is None or not isinstance(error, Exception) or type(error).__module__.startswith("hypothesis"):
            return False
        if len(failures_of(outcome)) != 1 or len(run.workers) == 1:
            return False
        self._runs.max_steps = _most_steps(outcome)
        seed = self._settings.seed
        others: list[Strategy] = [Serial(sleepless=True)] if outcome.virtual_seconds > 0 else []
        if has_own_orders(run):
            others += [Serial(last_first=True), Serial(last_first=True, eager=True), RoundRobin()]
            others += [RandomWalk(seed + n) for n in range(OTHERS)]
        for strategy in others:
            if self._time_left() <= 0:
                break
            other = self._runs(strategy)
            if not (failures_of(other) or other.timed_out):
                return True
        return False

    def _take(self, outcome: Outcome) -> bool:
        """Look at a finished run; return True where exploring ends with it."""
        if outcome.timed_out:
            self._result.stopped = outcome.timed_out
            return True
        for lost in outcome.lost:
            if self._changes_nothing(lost, outcome.failed_at):
                self._runs.harmless.add((lost.read.site, lost.write.site, lost.worker))
                outcome = replace(outcome, lost=tuple(other for other in outcome.lost if other is not lost))
        failures = self._failures(outcome)
        if outcome.number > 1 and failures and not any(f.code == LOST for f in failures) and not self._repeats():
            failures = self._failures(outcome)
        if failures:
            if self._share is not None and self._share.helper:
                self._share.tell(from_switches(outcome.switches))
                return True
            self._keep(outcome, from_switches(outcome.switches), minimise=True)
            return bool(self._result.found)
        return False

    def _repeats(self) -> bool:
        """Say whether the serial order, which passed at first, still passes: if not, it is not the schedule's doing."""
        result = self._result
        if result.unrepeatable:
            return False
        with self._runs.uncounted():
            failures = failures_of(self._runs(Serial()))
        if failures:
            result.unrepeatable = result.cut_short = True
            result.notes.append(
                "the test fails when it is run again in the order in which it passed: earlier runs leave something "
                f"behind, so that of all failures only lost updates were judged ({failures[0].message})"
            )
        return not failures

    def _changes_nothing(self, lost: LostUpdate, failed_at: int) -> bool:
        """Say whether the worker writes the same value where it reads after the other's write: nothing is lost then.

        ``high = max(high, x)`` loses the other's smaller value in any order; ``flags = flags | 1`` loses nothing.
        """
        if isinstance(lost.value, Reference):
            return False

        def rows(horizon: int) -> tuple[Outcome, list[Row]]:
            after = Directed(lost.read.site, lost.read_occurrence, path=lost.worker)
            with self._runs.uncounted():
                outcome = self._runs(after, recording=True, horizon=horizon)
            return outcome, [r for r in outcome.rows if r.worker == lost.worker and r.site == lost.write.site]

        outcome, writes = rows(LOOK_AFTER + 4 * failed_at)
        if len(writes) < lost.occurrence:
            outcome, writes = rows(NEVER)
        if len(writes) < lost.occurrence or outcome.timed_out:
            return False
        reads = [r for r in outcome.rows if r.worker == lost.worker and r.site == lost.read.site]
        if len(reads) < lost.read_occurrence or same_value(reads[lost.read_occurrence - 1], lost.read):
            return False  # the other's write did not come before the read: nothing was learned
        return same_value(writes[lost.occurrence - 1], lost.write)

    def _failures(self, outcome: Outcome) -> tuple[Failure, ...]:
        return tuple(
            f
            for f in self._accepted(failures_of(outcome), outcome.number)
            if self._settings.severity(f.code) == "error"
            and not self._dismissed(f)
            and (f.code == LOST or not self._result.unrepeatable)
        )

    def _suspect(self) -> None:
        """Note what the runs gave reason to suspect and none of them showed."""
        from ..runtime.recorder import Recorder
        from .suspicions import suspicions

        def record(last_first: bool) -> tuple[Outcome, Sequence[Event]]:
            recorder = Recorder()
            return self._runs(Serial(last_first=last_first), recorder=recorder), recorder.events

        if SUSPICION_RUNS * self._runs.last_seconds > SUSPICION_SHARE * self._settings.max_seconds:
            return
        cycles = sorted(self._runs.cycles, key=len)[:CYCLES]
        with self._runs.uncounted():
            for suspicion in suspicions(self._contention, cycles, self._interrupted, self._runs, record):
                failure = suspicion.as_failure()
                if not self._dismissed(failure):
                    first = self._result.first or Outcome(0, 0, (), 0)
                    self._result.suspected.append(Found(failure, 0, (), first, free=True))

    def _keep(self, outcome: Outcome, directives: tuple[Directive, ...], minimise: bool) -> None:
        """Keep what the failed run ``outcome`` demonstrates."""
        from .demonstrate import demonstrate

        failures = self._failures(outcome) or failures_of(outcome)
        shown = demonstrate(self._runs, outcome, directives, failures, minimise)
        if shown.note:
            self._result.notes.append(shown.note)
        if shown.found is not None:
            self._result.found.append(shown.found)
            self._result.suspected.extend(shown.suspected)


def _most_steps(*known: Outcome) -> int:
    """Return the number of operations after which a run is too long, by those ``known``."""
    return 50_000 + 40 * max(outcome.steps for outcome in known)
