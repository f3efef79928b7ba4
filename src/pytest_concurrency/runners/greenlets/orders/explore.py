"""Exploring the orders of one test: as gevent runs it, one greenlet after the other, and as the strategies choose."""

from __future__ import annotations

import datetime
import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from ....detect.causes import Cause, atomicity_violation
from ....detect.failures import Failure, failures_of
from ....instrument.cache import Cache
from ....instrument.scope import Chooser, source_files
from ....instrument.sites import Site, Sites
from ....model import Finding
from ....options import COMPLETE_STRATEGIES
from ....report.fingerprint import fingerprint
from ....report.replaying import command
from ....report.width import width_of
from ....runtime.values import Reference, same_value
from ....schedules import token as tokens
from ....schedules.directives import BEFORE, Directive, Replay, from_switches
from ....schedules.minimise import ddmin
from ....settings import Settings
from ....state import STATE
from ....strategies.base import Strategy
from ....strategies.every_order import EveryOrder
from ....strategies.sampling import SAMPLING
from ....trace.outcome import Blocked, Died, LostUpdate, Outcome, Row
from ...accepted import Accepted
from ...base import root_of
from ...comments import Dismissals
from .clocks import Clocks
from .instruments import chooser, instrumenter
from .run import Mode, OrderRun, run_order
from .told import check_then_act, key_finding, told

SHARE = 0.25
"""Part of max_seconds that exploring may take."""
MINIMISE_RUNS = 60
MINIMISE_SECONDS = 2.0
PATIENCE = 0.001
"""Seconds that every other run of a program with real I/O waits for more of it."""
FUTILE = 4
"""Runs of a program with real I/O without a single choice after which there is nothing to explore."""
_VARIANT = "random"


@dataclass(slots=True)
class Explored:
    """What exploring came to: ``error`` is that of the test under a failing order, ``stuck`` and ``died`` tell of a
    deadlock that does not depend on the order."""

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    runs: int = 0
    error: BaseException | None = None
    tried: list[str] = field(default_factory=list)
    stuck: tuple[Blocked, ...] = ()
    died: tuple[Died, ...] = ()


class Orders:
    """Explores the test ``item``. ``body`` is called anew for each run and returns what to run; ``busy`` is told
    whether the body runs; ``slow``: a run in real time would take too long."""

    def __init__(
        self,
        item: pytest.Function,
        settings: Settings,
        body: Callable[[], Callable[[], Any]],
        busy: Callable[[bool], None],
        cache: Cache,
        slow: bool,
    ) -> None:
        STATE.places.clear()
        self._item = item
        self._settings = settings
        self._body = body
        self._busy = busy
        self._cache = cache
        self._slow = slow
        self._result = Explored()
        self._dismissed = Dismissals(item.config.rootpath, settings.ignore_in)
        self._accepted = Accepted(item, settings, key_finding)
        self._sites = Sites()
        self._real_time = False
        self._harmless: set[tuple[str, str, str]] = set()
        self._tree = EveryOrder()
        self._last: OrderRun | None = None
        self._clocks = Clocks()
        self._unsteady = 0
        self._choices = 0
        self._end = perf_counter() + SHARE * settings.max_seconds

    # -- one run

    def _run(
        self, strategy: Strategy, *, recording: bool = False, serial: bool = False, serving: bool = False,
        reverse: bool = False, variant: int = 0, patience: float = 0.0,
    ) -> Outcome:  # fmt: skip
        self._result.runs += 1
        cap = min(self._settings.timeout, max(0.5, self._end - perf_counter()) + 0.5)
        mode = Mode(serial, serving, reverse, patience, self._real_time, not self._slow, variant, recording, cap)
        for site in (*self._sites, *STATE.places.sites()):
            site.off = False
        body = self._body()
        run = self._last = OrderRun(strategy, self._result.runs, mode, self._sites, self._harmless, self._clocks)
        self._sites.introduce = self._introduce
        self._busy(True)
        try:
            outcome = run_order(run, mode, body, self._settings.seed)
        finally:
            self._busy(False)
        if self._sites.disturbed:
            self._sites.settle()
            self._result.runs -= 1
            return self._run(
                strategy, recording=recording, serial=serial, serving=serving, reverse=reverse, variant=variant,
                patience=patience,
            )  # fmt: skip
        if isinstance(outcome.error, (pytest.skip.Exception, pytest.xfail.Exception)):
            outcome = replace(outcome, error=None, timed_out="a run of it ended in a skip")
        if isinstance(outcome.error, pytest.exit.Exception):
            raise outcome.error
        self._real_time = self._real_time or run.loop.real_time
        self._choices += len(run.decisions)
        run.forget()
        return outcome

    def _one_after_the_other(self, variant: int = 0, reverse: bool = False) -> Outcome:
        """Run the greenlets one after the other, but for those that serve the others."""
        for serving in (False, True):
            outcome = self._run(
                Replay(()), recording=True, serial=True, serving=serving, reverse=reverse, variant=variant
            )
            if not outcome.timed_out:
                break
        return outcome

    def _introduce(self, site: Site) -> None:
        """A function was called for the first time: its site is like all others of this run."""
        site.off = self._last is not None and self._last.coasting

    def _failures(self, outcome: Outcome) -> tuple[Failure, ...]:
        severity = self._settings.severity
        return tuple(f for f in failures_of(outcome) if severity(f.code) == "error" and not self._dismissed(f))

    # -- the phases

    def explore(self, failed: BaseException | None, remembered: Sequence[str] = ()) -> Explored:
        """Explore until an order shows an error, every order was run, or the time is up.

        ``failed`` is what the test has failed with before, run as gevent runs it; ``remembered`` are tokens.
        """
        area = self._area()
        with instrumenter(self._cache).active(area) as self._sites:
            self._real_time = _reads_other_clocks(area)
            try:
                if self._slow and self._real_time:
                    self._result.notes.append("the order of the greenlets was not explored: it takes long in real time")
                elif failed is not None:
                    self._explain(failed)
                else:
                    self._search(remembered)
            finally:
                for site in (*self._sites, *STATE.places.sites()):
                    site.off = False
        self._result.notes += self._dismissed.notes
        told_of = {
            fingerprint(finding, self._item.nodeid, self._item.config.rootpath) for finding in self._result.findings
        }
        self._result.findings += [one for one in self._accepted.findings if one.fingerprint not in told_of]
        return self._result

    def replay(self, word: str) -> Explored:
        """Run the order of one token and say what became of it."""
        token = tokens.decode(word)
        area = self._area()
        with instrumenter(self._cache).active(area) as self._sites:
            self._real_time = _reads_other_clocks(area)
            directives, variant = _unpack(token.directives)
            strategy = Replay(directives)
            outcome = self._run(strategy, recording=True, variant=variant)
            failures = self._failures(outcome)
            same = [f for f in failures if f.code == token.code] or list(failures)
            if same:
                passing = self._one_after_the_other(variant)
                self._tell(same[0], outcome, directives, variant, self._passing_rows([passing]), 1)
                said = "the replayed order fails as it did"
            elif outcome.timed_out:
                said = f"the replayed order was not judged: {outcome.timed_out}"
            elif len(strategy.followed) < len(directives):
                followed = f"{len(strategy.followed)} of its {len(directives)} choices could be followed"
                said = f"the replayed order no longer applies: {followed}"
            else:
                said = "the replayed order no longer fails"
            self._result.notes.append(said)
            self._result.runs = 1
        return self._result

    def _explain(self, failed: BaseException) -> None:
        """Find out whether a failure of gevent's own order depends on the order, and show it."""
        usual = self._run(Replay(()))
        shown = [f for f in self._failures(usual) if f.code in ("CH104", "CH110")]
        if not shown or usual.timed_out or not _alike(usual, failed):
            return
        serial = self._one_after_the_other()
        recorded = self._run(Replay(()), recording=True)
        if serial.timed_out or self._failed(serial):
            self._result.stuck, self._result.died = recorded.stuck, recorded.died
            return
        again = [f for f in self._failures(recorded) if (f.code, f.place) == (shown[0].code, shown[0].place)]
        if again:
            lost = [f for f in self._failures(recorded) if f.code == "CH101" and self._loses(f.data)]
            self._tell(again[0], recorded, (), 0, self._passing_rows([serial]), 1, lost)

    def _search(self, remembered: Sequence[str]) -> None:
        usual = self._run(Replay(()))
        if self._failed(usual) and not self._real_time:
            self._real_time = True
            usual = self._run(Replay(()))
        if usual.timed_out or self._failed(usual):
            why = usual.timed_out or "the test fails when it is run once more"
            self._result.notes.append(f"the order of the greenlets was not explored: {why}")
            return
        run = self._last
        assert run is not None
        uses_random = run.used_random
        self._learn(uses_random)
        if self._take(usual, 0):
            return
        for word in remembered:
            self._result.tried.append(word)
            directives, variant = _unpack(tokens.decode(word).directives)
            if self._take(self._run(Replay(directives), variant=variant), variant):
                return
        futile = 0
        stopped = ""
        for index, strategy in enumerate(self._strategies()):
            if self._tree.exhausted or futile >= FUTILE:
                break
            if self._result.runs >= self._settings.schedules or perf_counter() > self._end:
                stopped = "cut short by max_seconds" if perf_counter() > self._end else "as many as were asked for"
                break
            variant = index + 1 if uses_random else 0
            outcome = self._run(strategy, variant=variant, patience=PATIENCE * (index % 2) * self._real_time)
            if outcome.timed_out:
                self._result.notes.append(f"an order of the greenlets was not judged: {outcome.timed_out}")
                stopped = "cut short"
                break
            futile = futile + 1 if self._real_time and not self._last.decisions else 0  # type: ignore[union-attr]
            self._learn(uses_random)
            if self._take(outcome, variant):
                return
        self._note(stopped)

    def _learn(self, uses_random: bool) -> None:
        if not self._real_time and not uses_random and self._last is not None:
            self._tree.learn(self._last.decisions)

    def _note(self, stopped: str) -> None:
        runs, notes = self._result.runs, self._result.notes
        time = "real time: it waits for more than timers" if self._real_time else "virtual time"
        if not self._choices:
            notes.append(f"gevent can run the greenlets in one order only ({time})")
        elif self._tree.exhausted:
            notes.append(f"all {runs} orders in which gevent can run the greenlets were explored ({time})")
        else:
            notes.append(
                f"{runs} order{'s' if runs != 1 else ''} of the greenlets explored ({time}){stopped and '; '}{stopped}"
            )
        if self._unsteady:
            notes.append(f"{self._unsteady} of them failed once and not again: not counted")

    def _strategies(self) -> Iterator[Strategy]:
        seed, name = self._settings.seed, self._settings.strategy
        if name in COMPLETE_STRATEGIES:  # here they are one
            return itertools.repeat(self._tree)
        if name in SAMPLING:
            return itertools.repeat(SAMPLING[name](seed, {}))
        drawn = [make(seed, {}) for other, make in SAMPLING.items() if other != "surw"]  # that needs counts of accesses
        return itertools.cycle(strategy for each in drawn for strategy in (self._tree, each))

    # -- what failed

    @staticmethod
    def _failed(outcome: Outcome) -> bool:
        return outcome.error is not None or bool(outcome.stuck)

    def _take(self, outcome: Outcome, variant: int) -> bool:
        """Look at a finished run; True where an error is demonstrated and exploring ends."""
        for lost in outcome.lost:
            if not self._loses(lost):
                self._harmless.add((lost.read.site, lost.write.site, lost.worker))
                outcome = replace(outcome, lost=tuple(other for other in outcome.lost if other is not lost))
        failures = () if outcome.timed_out else self._accepted(self._failures(outcome), outcome.number)
        if not failures:
            return False
        return self._keep(failures[0], outcome, variant)

    def _keep(self, failure: Failure, outcome: Outcome, variant: int) -> bool:
        """Shorten the failing order, run it recorded, and make sure that it is the order that makes it fail."""
        number = outcome.number
        spent = self._result.runs
        end = perf_counter() + MINIMISE_SECONDS
        self._end = max(self._end, end + 1.0)

        def shows(found: Outcome) -> bool:
            return any((f.code, f.place) == (failure.code, failure.place) for f in failures_of(found))

        def fails(candidate: Sequence[Directive]) -> bool:
            return perf_counter() < end and shows(self._run(Replay(candidate), variant=variant))

        directives: Sequence[Directive] = from_switches(outcome.switches)
        whole = directives
        directives = ddmin(list(directives), fails, MINIMISE_RUNS)
        recorded = self._run(Replay(directives), recording=True, variant=variant)
        if not shows(recorded) and directives is not whole:
            directives = whole
            recorded = self._run(Replay(directives), recording=True, variant=variant)
        usual = self._run(Replay(()), recording=True)
        serial = self._one_after_the_other(variant)
        self._result.runs = spent
        same = [f for f in failures_of(recorded) if (f.code, f.place) == (failure.code, failure.place)]
        if not same:
            self._unsteady += 1
            return False
        if failure.code != "CH101" and self._failed(usual):
            self._result.notes.append("the test fails when it is run often, in any order: not counted")
            return False
        passing = self._passing_rows([usual, serial])
        others = [
            f
            for f in self._failures(recorded)
            if (f.code, f.place) != (failure.code, failure.place) and (f.code != "CH101" or self._loses(f.data))
        ]
        self._tell(same[0], recorded, tuple(directives), variant, passing, number, others)
        return True

    def _passing_rows(self, outcomes: Sequence[Outcome]) -> list[Row]:
        return [row for o in outcomes if not o.timed_out and not self._failed(o) and not o.lost for row in o.rows]

    def _tell(
        self, failure: Failure, outcome: Outcome, directives: Sequence[Directive], variant: int, passing: Sequence[Row],
        number: int, others: Sequence[Failure] = (),
    ) -> None:  # fmt: skip
        item, severity = self._item, self._settings.severity
        packed = [*directives, *([Directive(_VARIANT, "", variant, BEFORE, "")] if variant else [])]
        cause: Cause | None = None
        if failure.code == "CH110":
            cause = check_then_act(outcome.rows, passing, outcome.error)
        also = [*others, *([atomicity_violation(cause)] if cause is not None else [])]
        also = [other for other in also if severity(other.code) is not None]
        for index, shown in enumerate((failure, *also)):
            level = severity(shown.code)
            if level is None:
                continue
            word = tokens.make(item.nodeid, shown.code, packed) if level == "error" else ""
            finding = told(
                shown, outcome, cause, number, len(directives), () if index else also,
                root=Path(item.config.rootpath), level=level, word=word, nodeid=item.nodeid,
                command=command(item.config, item.nodeid, word), width=width_of(item.config),
            )  # fmt: skip
            self._result.findings.append(finding)
        if outcome.error is not None and severity("CH110") is not None:
            self._result.error = outcome.error

    def _loses(self, lost: LostUpdate) -> bool:
        """Say whether the greenlet writes something else where it reads after the other's write: only then is anything
        lost. Told from the runs of one greenlet after the other, in both directions."""
        if isinstance(lost.value, Reference):
            return True
        spent = self._result.runs
        for reverse in (False, True):
            outcome = self._one_after_the_other(reverse=reverse)
            read: dict[str, Row] = {}
            for row in outcome.rows:
                if row.site == lost.read.site:
                    read[row.worker] = row
                elif row.site == lost.write.site and row.worker in read:
                    if same_value(read[row.worker], lost.overwritten):
                        self._result.runs = spent
                        return not same_value(row, lost.write)
        self._result.runs = spent
        return False

    def _area(self) -> Chooser:
        names = {
            other.module.__name__
            for other in getattr(self._item.session, "items", ())
            if isinstance(other, pytest.Function) and other.module is not None
        }
        used = {getattr(value, "__file__", None) for value in vars(self._item.module).values()}
        excluded = source_files(names) - {self._item.module.__file__} - used
        return chooser(root_of(self._item), self._settings.include, frozenset(excluded))


def _alike(outcome: Outcome, failed: BaseException) -> bool:
    """Say whether a run ended as the test has before: with an error of the same type, or in a deadlock."""
    return bool(outcome.stuck) or type(outcome.error) is type(failed)


def _unpack(directives: Sequence[Directive]) -> tuple[tuple[Directive, ...], int]:
    """Return the directives of a token without the one that holds the variant of the random numbers, and that."""
    variant = next((d.occurrence for d in directives if d.worker == _VARIANT and not d.site), 0)
    return tuple(d for d in directives if d.worker != _VARIANT or d.site), variant


def _reads_other_clocks(area: Chooser) -> bool:
    """Say whether the code under test uses ``datetime``, whose clock cannot be made virtual."""
    kinds = (datetime, datetime.datetime, datetime.date)
    for name in area.modules():
        if any(value in kinds for value in vars(sys.modules[name]).values() if isinstance(value, (type, type(sys)))):
            return True
    return False
