"""Exploring one test: observe it, confirm suspicions, explore the rest of the budget, shorten what failed."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from ..detect.causes import Cause, atomicity_violation
from ..detect.failures import Failure, failures_of, same_bug
from ..detect.trace_events import Event
from ..instrument.sites import READ, STEP, Site
from ..runtime.execution import Execution
from ..runtime.journal import JournalledExecution
from ..runtime.outsiders import Outsiders
from ..runtime.state import STATE
from ..runtime.trace import LostUpdate, Outcome, Row
from ..runtime.values import Reference
from ..schedules.directives import Directive, Replay, from_switches
from ..schedules.minimise import ddmin, few_preemptions
from ..settings import Settings
from ..strategies.anywhere import Anywhere, Look
from ..strategies.base import NEVER, Strategy
from ..strategies.bounded import Bounded
from ..strategies.directed import Chain, Directed, HoldAll, Nested, StepOver
from ..strategies.dpor import Dpor
from ..strategies.pct import Pct
from ..strategies.pos import Pos
from ..strategies.precise import Precise
from ..strategies.random_walk import RandomWalk
from ..strategies.round_robin import RoundRobin
from ..strategies.serial import Serial
from ..strategies.surw import Surw
from .audit import Audit
from .contention import Contention, has_own_orders
from .outcomes import Outcome as CollectedOutcome
from .outcomes import Tally
from .proof import cut_short, doubt_of, newly_shared, verdict
from .suspects import CYCLES, Points, closing_cycles

if TYPE_CHECKING:
    from ..report.progress import Progress
    from ..runtime.recorder import Recorder

RunOnce = Callable[[Execution], Outcome]
FIRM_SCHEDULES = 8
DPOR_SLICE = 20
"""One part in this many of the budget goes to DPOR at a time in ``auto``, more where that will do."""
DPOR_TURN = 3
"""So many times the schedules of a slice are sampled before DPOR goes on."""
NESTED_SCHEDULES = 12
LOOKS = 2
"""Runs in random order in which ``auto`` looks for what the serial ones did not show to be shared."""
PRECISE_STEPS = 2_000
"""Operations of a run above which ``auto`` does not try to run every interleaving."""
PRECISE_HORIZON = 20_000
"""Operations after which such a run goes on uncontrolled, and proves nothing."""
MINIMISE_RUNS = 400
SUSPICION_RUNS = 10
SUSPICION_SHARE = 0.5
"""Part of max_seconds that following up what no schedule settled may take in addition."""
EXPLAINED = frozenset({"CH108", "CH110"})
"""Failures whose cause is looked for: the others name it themselves."""
MINIMISE_SECONDS = 5.0
MANY_DIRECTIVES = 6
"""Directives of a schedule above which those with one preemption are tried before it is shortened step by step."""
OTHERS = 3
"""Random orders that are tried where a test fails in the first order and in its mirror image."""


@dataclass(frozen=True, slots=True)
class Found:
    """A failure, the schedule that showed it first, the shortest one that does, and a recorded run of that.

    ``free``: seen on real threads, where there is no schedule to replay. ``decides`` are the rows whose order decides
    between pass and fail.
    """

    failure: Failure
    schedule: int
    directives: tuple[Directive, ...]
    outcome: Outcome
    related: tuple[Failure, ...] = ()
    free: bool = False
    decides: tuple[Row, ...] = ()


@dataclass(slots=True)
class Exploration:
    """What exploring came to. ``plain`` is the error of the test in its serial order: an ordinary failure;
    ``suspected`` is what explains a failure, or what no schedule confirmed: warnings unless settings say otherwise;
    ``stale``: the first run imported modules in scope, so that exploring has to begin anew with them instrumented;
    ``unrepeatable``: the test fails when it is run again in the order in which it passed; ``cut_short``: a limit was
    hit before all was run that was to be."""

    schedules: int = 0
    found: list[Found] = field(default_factory=list)
    suspected: list[Found] = field(default_factory=list)
    plain: BaseException | None = None
    exhaustive: bool = False
    notes: list[str] = field(default_factory=list)
    stopped: str = ""
    first: Outcome | None = None
    stale: bool = False
    unrepeatable: bool = False
    outcomes: tuple[CollectedOutcome, ...] = ()
    cut_short: bool = False


class Share(Protocol):
    """What an explorer needs to know of others that explore the same test at the same time.

    ``helper``: it gives no verdict, and only tells of a schedule that fails. ``takes`` says whether the schedule with
    this index is its own to run; ``heard`` and ``wait`` return a failing schedule that another one has found.
    """

    helper: int

    def takes(self, index: int) -> bool: ...

    def tell(self, directives: Sequence[Directive]) -> None: ...

    def heard(self) -> tuple[Directive, ...] | None: ...

    def is_over(self) -> bool: ...

    def wait(self, seconds: float) -> tuple[Directive, ...] | None: ...


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
        sites: Sequence[Site],
        outsiders: Outsiders | None = None,
        dismissed: Callable[[Failure], bool] = lambda failure: False,
        stale: Callable[[], bool] = lambda: False,
        accepted: Callable[[Sequence[Failure], int], Sequence[Failure]] = lambda failures, schedule: failures,
        collects: bool = False,
        share: Share | None = None,
    ) -> None:
        self._accepted = accepted
        self.progress: Progress | None = None
        self._share = share
        self._told: tuple[Directive, ...] | None = None
        self._stale = stale
        self._dismissed = dismissed
        self._outsiders = outsiders
        self._run_once = run_once
        self._settings = settings
        self._sites = sites
        self._contention = Contention()
        self._started = time.monotonic()
        self._result = Exploration()
        self._max_steps = 0
        self._harmless: set[tuple[str, str, str]] = set()
        self._silenced = False
        self._clean = False  # the sites are as a run that only decides needs them
        self._execution: Execution | None = None
        self._interrupted: set[str] = set()
        self._last_seconds = 0.0
        self._cycles: list[Points] = []
        self._tally = Tally()
        self._slice = max(10, settings.schedules // DPOR_SLICE)
        self._precise_runs = 0
        self._precise_seconds = 0.0
        self._collects = collects
        self._looks: list[Strategy] = []
        self._collected = False

    # -- one run

    def _time_left(self) -> float:
        return self._settings.max_seconds - (time.monotonic() - self._started)

    def _budget_left(self) -> bool:
        return self._result.schedules < self._settings.schedules and self._time_left() > 0

    def _owed(self, strategy: Strategy) -> bool:
        """Say whether ``strategy`` is to be run although the time is over: the likeliest suspicions always are."""
        few = self._result.schedules < min(FIRM_SCHEDULES, self._settings.schedules)
        grace = max(self._settings.max_seconds, self._settings.timeout)
        return few and isinstance(strategy, Directed) and self._time_left() > -grace

    def _run(
        self,
        strategy: Strategy,
        *,
        observing: bool = False,
        recording: bool = False,
        horizon: int = NEVER,
        recorder: Recorder | None = None,
        keeping: bool = False,
    ) -> Outcome:
        self._result.schedules += 1
        precise = isinstance(strategy, Precise)
        looks = isinstance(strategy, Look)
        observing = observing or looks
        plain = not (observing or recording or precise or strategy.sites or recorder)
        if not (plain and self._clean):
            self._set_sites(strategy.sites, recording, precise, looks or recorder is not None)
        sites = (*self._sites, *STATE.places.values()) if STATE.places else self._sites
        journalled = self._collects
        execution = (JournalledExecution if journalled else Execution)(
            strategy,
            self._result.schedules,
            observing=observing or recorder is not None,
            recording=recording,
            timeout=self._settings.timeout,
            outsiders=self._outsiders,
            sites=sites,
            harmless=self._harmless,
            horizon=horizon,
            explore_timeouts=self._settings.explore_timeouts,
        )
        if self._max_steps:
            execution.max_steps = self._max_steps
        self._execution = execution
        execution.recorder = recorder
        execution.journal = [] if journalled else None
        execution.kept = {} if keeping else None
        begun = time.monotonic()
        outcome = self._run_once(execution)
        self._last_seconds = time.monotonic() - begun
        if self.progress is not None:
            self.progress.tick(self._result.schedules, outcome.switches)
        self._collected = self._collected or bool(execution.values)
        self._collects = self._collected
        if execution.values:
            self._tally.note(execution.number, execution.values, execution.journal or ())
        self._clean = plain and not (execution.coasting or execution.silenced)
        if observing and not precise and keeping >= self._settings.whole_suite:
            self._contention.learn(execution)
            self._silenced = self._silenced or execution.silenced
            self._cycles += [c for c in closing_cycles(self._contention.nested) if c not in self._cycles]
        if looks:
            self._contention.focus(self._sites)
        return outcome

    def _set_sites(self, wanted: frozenset[str], recording: bool, precise: bool, all_accesses: bool) -> None:
        """Switch sites on or off for the next run."""
        sites = (*self._sites, *STATE.places.values())
        hidden = recording and any(not site.contended and site.key in wanted for site in sites)
        for site in sites:
            site.off = not (site.contended or site.key in wanted or hidden)
            if precise and site.kind != STEP:
                site.off = False
            if all_accesses:
                site.off = site.kind == STEP
            site.hits = 0

    # -- the phases

    def explore(self, remembered: Sequence[tuple[Directive, ...]] = ()) -> Exploration:
        """Run the phases until a failure is demonstrated or the budget is used up."""
        result = self._explored(remembered)
        result.outcomes = self._tally.table(result.schedules)
        return result

    def _explored(self, remembered: Sequence[tuple[Directive, ...]]) -> Exploration:
        result = self._result
        for site in self._sites:
            site.contended = True
            site.group = 0
            site.seen = site.split = False
        # Most tests of a whole suite share nothing, so it pays to know it exactly. What keeps objects alive may change
        # what a test does, but only in the run whose failure is no verdict on the code.
        first = self._run(Serial(), observing=True, keeping=self._settings.whole_suite)
        result.first = first
        if self._take_first(first):
            return result
        if self._stale():
            result.stale = True
            return result
        for directives in remembered:
            if self._take(self._run(Replay(directives))):
                return result
        if self._share is not None:
            result.schedules = first.number  # all that explore this test have to count alike
        second = self._run(Serial(last_first=True), observing=True)
        if self._take(second):
            return result
        self._contention.focus(self._sites)
        if self._settings.whole_suite and self._shares_nothing(first, second):
            return result
        if not self._silenced:  # else the length of a run is not known
            self._max_steps = 50_000 + 40 * max(first.steps, second.steps)
        for strategy in self._strategies():
            if not self._budget_left() and not self._owed(strategy):
                break
            if self._share is not None:
                told = self._told or (self._share.heard() if not self._share.helper else None)
                self._told = None
                if told is not None and self._fails_here(told):
                    return result
                if self._share.is_over():
                    return result
                if self._is_for_another(strategy, self._share):
                    continue
            if isinstance(strategy, Precise):
                long = self._silenced or first.steps > PRECISE_STEPS
                if long and self._settings.strategy == "auto":
                    continue
                spent = result.schedules
                if self._every_interleaving(strategy):
                    return result
                if self._share is not None:
                    result.schedules = spent  # all that explore this test have to count alike
            elif self._take(self._run(strategy, observing=strategy in self._looks)):
                return result
            if isinstance(strategy, Directed):
                self._interrupted.add(strategy.key)
        if self._share is not None:
            told = self._share.wait(self._time_left())
            if self._share.helper or (told is not None and self._fails_here(told)):
                return result
        self._suspect()
        if self._time_left() <= 0 and result.schedules < self._settings.schedules:
            result.cut_short = True
            result.notes.append(
                f"cut short by max_seconds={self._settings.max_seconds:g}: {result.schedules} of "
                f"{self._settings.schedules} schedules were run"
            )
        return result

    def _fails_here(self, directives: tuple[Directive, ...]) -> bool:
        """Run a schedule that failed elsewhere; return True where it fails here, too, and exploring ends with it."""
        spent = self._result.schedules
        if self._take(self._run(Replay(directives))):
            return True
        self._result.schedules = spent
        return False

    def _is_for_another(self, strategy: Strategy, share: Share) -> bool:
        """Say whether another explorer runs ``strategy``; it counts all the same. A proof is not shared out."""
        if isinstance(strategy, Precise):
            return share.helper > 0
        if share.takes(self._result.schedules):
            return False
        self._result.schedules += 1
        if isinstance(strategy, Directed):
            self._interrupted.add(strategy.key)
        return True

    def again(self, strategy: Strategy, recording: bool = False) -> Outcome:
        """Run one more schedule that does not count, for a question about what was found."""
        spent = self._result.schedules
        try:
            return self._run(strategy, recording=recording)
        finally:
            self._result.schedules = spent

    def _shares_nothing(self, *runs: Outcome) -> bool:
        """Say whether the workers met nowhere in ``runs``: every schedule is then like these."""
        known = self._contention
        met = known.contended or known.synchronising
        return not met and not any(run.external or len(run.workers) > self._settings.workers + 1 for run in runs)

    def _every_interleaving(self, strategy: Precise) -> bool:
        """Let ``strategy`` run all there is, within the budget; return True where exploring ends with it."""
        result = self._result
        alone = self._settings.strategy != "auto"
        left = self._settings.schedules - result.schedules
        share = left if alone else self._slice
        until = result.schedules + share
        seconds = self._time_left() * (1.0 if alone else 1.0 / DPOR_SLICE)
        began, first = time.monotonic(), result.schedules
        files = frozenset(site.path for site in self._sites if not site.muted)
        strategy.files = files
        with Audit(strategy, files):
            while not strategy.exhausted and self._budget_left() and (alone or not strategy.doubts):
                if self._share is not None and (told := self._share.heard()) is not None:
                    self._told = told
                    return False
                if not alone and (result.schedules >= until or time.monotonic() - began > seconds):
                    done = strategy.progress if isinstance(strategy, Dpor) else 0.0
                    spent = self._precise_seconds + time.monotonic() - began
                    runs = self._precise_runs + result.schedules - first
                    used = max(runs / self._settings.schedules, spent / self._settings.max_seconds)
                    if strategy.doubts or used > done:
                        break
                outcome = self._run(strategy, observing=True, horizon=PRECISE_HORIZON)
                run = self._execution
                assert run is not None
                bound = strategy.bound if isinstance(strategy, Bounded) else 0
                doubt = doubt_of(run, outcome)
                if doubt:
                    strategy.doubt(doubt)
                strategy.finish(cut_short(run, outcome))
                if self._take(outcome):
                    if bound and result.found:
                        plural = "s" if bound != 1 else ""
                        result.notes.append(f"the failure needs at least {bound} preemption{plural}")
                    return True
                for site in newly_shared(run):
                    site.contended = True
                    strategy.restart()
        self._precise_runs += result.schedules - first
        self._precise_seconds += time.monotonic() - began
        proven, said = verdict(strategy, alone)
        if proven:
            result.exhaustive = True
        elif alone and not strategy.exhausted:
            result.cut_short = True
        if said:
            result.notes.append(said)
        return proven or alone

    def replay(self, directives: Sequence[Directive]) -> tuple[Exploration, Replay]:
        """Run exactly one schedule."""
        strategy = Replay(directives)
        outcome = self._run(strategy)
        if self._stale():
            self._result.stale = True
            return self._result, strategy
        if outcome.error is not None and not directives:
            self._result.plain = outcome.error
        elif failures_of(outcome):
            self._keep(outcome, tuple(directives), minimise=False)
        self._result.outcomes = self._tally.table(self._result.schedules)
        return self._result, strategy

    def _take_first(self, outcome: Outcome) -> bool:
        if outcome.timed_out:
            self._result.stopped = outcome.timed_out
            return True
        if outcome.error is not None and not self._passes_in_another_order(outcome):
            self._result.plain = outcome.error
            return True
        return self._take(outcome)

    def _passes_in_another_order(self, outcome: Outcome) -> bool:
        """Say whether the test, which failed in the first order tried, passes in one that is as good: where workers do
        different things, or the test starts them itself, none of the serial orders is *the* order. And an order is
        serial only if nobody comes in between where a worker sleeps."""
        run, error = self._execution, outcome.error
        if run is None or not isinstance(error, Exception) or type(error).__module__.startswith("hypothesis"):
            return False
        if len(failures_of(outcome)) != 1 or len(run.workers) == 1:
            return False
        self._max_steps = 50_000 + 40 * outcome.steps
        seed = self._settings.seed
        others: list[Strategy] = [Serial(sleepless=True)] if outcome.virtual_seconds > 0 else []
        if has_own_orders(run):
            others += [Serial(last_first=True), Serial(last_first=True, eager=True), RoundRobin()]
            others += [RandomWalk(seed + n) for n in range(OTHERS)]
        for strategy in others:
            if self._time_left() <= 0:
                break
            other = self._run(strategy)
            if not (failures_of(other) or other.timed_out):
                return True
        return False

    def _take(self, outcome: Outcome) -> bool:
        """Look at a finished run; return True where exploring ends with it."""
        if outcome.timed_out:
            self._result.stopped = outcome.timed_out
            return True
        for lost in outcome.lost:
            if self._changes_nothing(lost):
                self._harmless.add((lost.read.site, lost.write.site, lost.worker))
                outcome = replace(outcome, lost=tuple(other for other in outcome.lost if other is not lost))
        failures = self._failures(outcome)
        if outcome.number > 1 and failures and not any(f.code == "CH101" for f in failures) and not self._repeats():
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
        spent = result.schedules
        failures = failures_of(self._run(Serial()))
        result.schedules = spent
        if failures:
            result.unrepeatable = result.cut_short = True
            result.notes.append(
                "the test fails when it is run again in the order in which it passed: earlier runs leave something "
                f"behind, so that of all failures only lost updates were judged ({failures[0].message})"
            )
        return not failures

    def _changes_nothing(self, lost: LostUpdate) -> bool:
        """Say whether the worker writes the same value where it reads after the other's write: nothing is lost then.

        ``high = max(high, x)`` loses the other's smaller value in any order; ``flags = flags | 1`` loses nothing.
        """
        if isinstance(lost.value, Reference):
            return False
        after = Directed(lost.read.site, lost.read_occurrence, path=lost.worker)
        spent = self._result.schedules
        outcome = self._run(after, recording=True)
        self._result.schedules = spent
        writes = [r for r in outcome.rows if r.worker == lost.worker and r.site == lost.write.site]
        if len(writes) < lost.occurrence or outcome.timed_out:
            return False
        reads = [r for r in outcome.rows if r.worker == lost.worker and r.site == lost.read.site]
        if len(reads) < lost.read_occurrence or reads[lost.read_occurrence - 1].value == lost.read.value:
            return False  # the other's write did not come before the read: nothing was learned
        return writes[lost.occurrence - 1].value == lost.write.value

    def _failures(self, outcome: Outcome) -> tuple[Failure, ...]:
        return tuple(
            f
            for f in self._accepted(failures_of(outcome), outcome.number)
            if self._settings.severity(f.code) == "error"
            and not self._dismissed(f)
            and (f.code == "CH101" or not self._result.unrepeatable)
        )

    def _strategies(self) -> Iterator[Strategy]:
        seed = self._settings.seed
        name = self._settings.strategy
        counts = self._contention.counts
        if name == "auto":
            sampling: list[Strategy] = [Surw(seed, counts), Pos(seed), Pct(seed), RandomWalk(seed)]
            anywhere = Anywhere(seed, frozenset(site.key for site in self._sites if not site.muted))
            portfolio = itertools.cycle([*sampling, *sampling, anywhere, *sampling, *sampling, anywhere, Look(seed)])
            likely, _ = self._directed()
            yield from likely
            yield from self._look_again()
            every = Dpor()
            early = self._contention.most_workers >= 3  # what takes two preemptions is far down for the others
            if early:
                yield from self._second_look(seed)
            yield every
            for number in range(1 if early else 0, LOOKS):
                yield from self._second_look(seed + number)
            _, rest = self._directed()
            mixed = itertools.chain(itertools.chain.from_iterable(zip(rest, portfolio)), portfolio)  # noqa: B905
            while True:
                yield from itertools.islice(mixed, DPOR_TURN * self._slice)
                if not every.doubts:
                    yield every
        single: dict[str, Callable[[], Strategy]] = {
            "random": lambda: RandomWalk(seed),
            "pct": lambda: Pct(seed),
            "pos": lambda: Pos(seed),
            "surw": lambda: Surw(seed, counts),
            "dpor": Dpor,
            "bounded": Bounded,
        }
        yield from self._look_again()
        strategy = single[name]() if name in single else STATE.extra_strategies[name](seed)
        while True:
            yield strategy

    def _second_look(self, seed: int) -> Iterator[Strategy]:
        """Look for what only workers that overlap share, and direct schedules at that."""
        known = set(self._contention.contended)
        yield Look(seed)
        new = sorted(self._contention.contended - known, key=lambda s: (not s.derived, s.action == READ, s.key))
        yield from (Directed(site.key, 1, last_first=flip) for site in new for flip in (False, True))
        if self._contention.most_workers >= 3:  # it was there while another worker was in the middle of something
            around = sorted((s for s in known if s.action != READ), key=lambda s: s.key)
            chains = [Chain(outer.key, inner.key) for inner in new if inner.action != READ for outer in around]
            yield from chains[:NESTED_SCHEDULES]

    def _look_again(self) -> Iterator[Strategy]:
        """Observe two more runs where one worker may have found the work of others done, then confirm what is new."""
        known = self._contention
        roaming = known.roaming()
        if not roaming:
            return
        before = set(known.contended)
        for site in roaming:
            site.contended = True
        self._looks = [RoundRobin(), RandomWalk(self._settings.seed)]
        yield from self._looks
        known.focus(self._sites)
        new = sorted(known.contended - before, key=lambda s: (not s.derived, s.action == READ, s.key))
        yield from [Directed(site.key, 1) for site in new][: max(8, self._settings.schedules // 4)]

    def _directed(self) -> tuple[list[Strategy], list[Strategy]]:
        """Return directed schedules for everything that workers share: the likeliest suspicions, and the rest."""
        known = self._contention
        sites = sorted(known.contended, key=lambda s: (not s.derived, s.action == READ, s.key))
        updates = [site for site in sites if site.derived]
        updates += [site for site in self._sites if site.split and site.derived and site not in updates]
        others = [site for site in sites if not site.derived]
        others += sorted(known.synchronising, key=lambda s: s.key)
        again = (2, 3) if len(updates) <= 3 else ()
        likely: list[Strategy] = [Directed(site.key, 1) for site in updates]
        likely += [HoldAll(points) for points in sorted(self._cycles, key=len)[:CYCLES]]
        likely += [Directed(site.key, occurrence) for occurrence in again for site in updates]
        for site in others:
            likely.append(Directed(site.key, 1))
            if site.action != READ and site not in known.synchronising:
                likely.append(StepOver(site.key, 1))
        if known.most_workers >= 3:
            likely += [Nested(site.key) for site in sites][:NESTED_SCHEDULES]
        rest: list[Strategy] = [StepOver(site.key, 1) for site in sorted(known.steps, key=lambda s: s.key)]
        rest += [Directed(site.key, 1, last_first=True) for site in others]
        rest += [Directed(site.key, 2, last_first=flip) for flip in (False, True) for site in others]
        rest += [Directed(site.key, occurrence) for occurrence in (2, 3) if not again for site in updates]
        rest += [Directed(site.key, 1, any_access=True) for site in sites if site.action != READ]
        steps = sorted(known.steps, key=lambda s: s.key)
        rest += [StepOver(site.key, 1, last_first=True) for site in steps]
        hidden = known.of_workers - known.contended - known.synchronising - known.steps
        unseen = sorted((s for s in hidden if not s.muted), key=lambda s: (s.action == READ, s.key))
        rest += [StepOver(site.key, 1, last_first=flip) for flip in (False, True) for site in unseen]
        most = max(8, self._settings.schedules // 2)
        return likely[:most], rest[: most - len(likely[:most]) or 1]

    def _suspect(self) -> None:
        """Note what the runs gave reason to suspect and none of them showed."""
        from ..runtime.recorder import Recorder
        from .suspicions import suspicions

        def record(last_first: bool) -> tuple[Outcome, Sequence[Event]]:
            recorder = Recorder()
            return self._run(Serial(last_first=last_first), recorder=recorder), recorder.events

        result = self._result
        spent = result.schedules
        if SUSPICION_RUNS * self._last_seconds > SUSPICION_SHARE * self._settings.max_seconds:
            return
        cycles = sorted(self._cycles, key=len)[:CYCLES]
        for suspicion in suspicions(self._contention, cycles, self._interrupted, self._run, record):
            failure = suspicion.as_failure()
            if not self._dismissed(failure):
                result.suspected.append(Found(failure, 0, (), result.first or Outcome(0, 0, (), 0), free=True))
        result.schedules = spent

    # -- what failed

    def _keep(self, outcome: Outcome, directives: tuple[Directive, ...], minimise: bool) -> None:
        number = outcome.number
        failures = self._failures(outcome) or failures_of(outcome)
        main = next((f for f in failures if f.code != "CH110"), failures[0])
        spent = self._result.schedules
        horizon = 2_000 + 4 * outcome.failed_at if minimise else NEVER
        if minimise:
            directives = self._minimised(main, directives, horizon)
        recorded = self._run(Replay(directives), recording=True, horizon=horizon)
        self._result.schedules = spent
        again = [f for f in failures_of(recorded) if same_bug(main, f)]
        if not again:
            recorded = self._run(Replay(from_switches(outcome.switches)), recording=True, horizon=horizon)
            self._result.schedules = spent
            directives = from_switches(outcome.switches)
            again = [f for f in failures_of(recorded) if same_bug(main, f)]
        if minimise and not again and main.code in EXPLAINED:
            self._result.notes.append(
                f"schedule {number} failed and passed when it was run again, so that it is not reported: it depends "
                f"on something else than the order of the workers ({main.message})"
            )
            return
        shown = again[0] if again else main
        related = tuple(
            f for f in failures_of(recorded if again else outcome) if (f.code, f.place) != (shown.code, shown.place)
        )
        causes: tuple[Cause, ...] = ()
        if minimise and again and shown.code in EXPLAINED:
            causes = self._causes(tuple(directives), recorded, horizon)
            self._result.schedules = spent
        violations = [atomicity_violation(cause) for cause in causes if cause.is_check_then_act]
        final = recorded if again else outcome
        self._result.found.append(
            Found(
                shown, number, tuple(directives), final, (*related, *violations),
                decides=tuple(row for cause in causes for row in cause.rows),
            )
        )  # fmt: skip
        for violation in violations:
            self._result.suspected.append(
                Found(violation, number, tuple(directives), final, decides=violation.data.rows)
            )

    def _causes(self, directives: Sequence[Directive], recorded: Outcome, horizon: int) -> tuple[Cause, ...]:
        """Return the access pairs of ``recorded`` whose order decides."""
        from .causes import find_causes

        def run(flipped: Sequence[Directive]) -> tuple[Outcome, bool]:
            strategy = Replay(flipped)
            outcome = self._run(strategy, recording=True, horizon=horizon)
            return outcome, len(strategy.followed) == len(flipped)

        return find_causes(directives, recorded, run, lambda outcome: not failures_of(outcome))

    def _minimised(self, failure: Failure, directives: Sequence[Directive], horizon: int) -> tuple[Directive, ...]:
        """Return the shortest list of directives that shows ``failure`` within ``horizon`` operations."""
        end = time.monotonic() + MINIMISE_SECONDS

        def fails(candidate: Sequence[Directive]) -> bool:
            if time.monotonic() > end:
                return False
            found = failures_of(self._run(Replay(candidate), horizon=horizon))
            return any(same_bug(failure, f) for f in found)

        kept = list(directives)
        if len(kept) > MANY_DIRECTIVES:
            kept = next((candidate for candidate in few_preemptions(kept) if fails(candidate)), kept)
        return tuple(ddmin(kept, fails, MINIMISE_RUNS))
