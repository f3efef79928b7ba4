"""Finding out which access pair's order decides, by running the shortest failing schedule again with one order flipped.

The preemption that makes the schedule fail is moved: to before an earlier act of the preempted worker, so that the act
comes after the other worker's, or to after a later one, so that it comes before. What turns failure into pass decides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..detect.causes import (
    STEPS,
    Cause,
    Point,
    between_both,
    burst,
    call_partner,
    conflict_by_name,
    held_after,
    is_question,
    other_check,
    partner,
    stops,
)
from ..detect.failures import raised_at
from ..realtime import RealTime
from ..schedules.directives import BEFORE, Directive
from ..trace.outcome import Outcome, Row, Switch

Run = Callable[[Sequence[Directive]], tuple[Outcome, bool]]
"""Runs the program under directives, recorded; says also whether each of them could be followed."""
RUNS_LIMIT = 40
SECONDS = 2.0
LOOK_BACK = 12
"""Acts of the preempted worker that are tried on each side of a preemption."""


class _Flipped:
    """Runs flipped schedules within a budget."""

    def __init__(self, run: Run, passes: Callable[[Outcome], bool]) -> None:
        self._run = run
        self.passes = passes
        self._left = RUNS_LIMIT
        self._end = RealTime.monotonic() + SECONDS

    def outcome(self, directives: Sequence[Directive]) -> tuple[Outcome, bool] | None:
        if self._left <= 0 or RealTime.monotonic() > self._end:
            return None
        self._left -= 1
        return self._run(directives)

    def turns_to_pass(self, directives: Sequence[Directive]) -> bool:
        """Say whether the schedule passes; one that could not be followed differs in more than one order."""
        result = self.outcome(directives)
        return result is not None and result[1] and self.passes(result[0])


def find_causes(
    directives: Sequence[Directive], failing: Outcome, run: Run, passes: Callable[[Outcome], bool]
) -> tuple[Cause, ...]:
    """Return the causes of the recorded run ``failing`` of ``directives``, at most one a preemption.

    ``passes`` says whether a run shows no failure at all.
    """
    flipped = _Flipped(run, passes)
    found = []
    for position, directive in enumerate(directives):
        switch = _switch(failing, directive) if directive.moment == BEFORE else None
        if switch is None:
            continue
        rest = [*directives[:position], *directives[position + 1 :]]

        def moved(point: Point, directive: Directive = directive, position: int = position) -> list[Directive]:
            new = replace(directive, site=point.row.site, occurrence=point.occurrence)
            return [*directives[:position], new, *directives[position + 1 :]]

        cause = _cause(failing, switch, rest, moved, flipped)
        if cause is not None:
            found.append(cause)
    return tuple(found)


def _switch(outcome: Outcome, directive: Directive) -> Switch | None:
    for switch in outcome.switches:
        if not switch.forced and (switch.worker, switch.site, switch.occurrence) == directive.point[:3]:
            return switch
    return None


def _cause(
    failing: Outcome,
    switch: Switch,
    rest: Sequence[Directive],
    moved: Callable[[Point], list[Directive]],
    flipped: _Flipped,
) -> Cause | None:
    begin, end = burst(failing.rows, switch.worker, switch.step)
    between = failing.rows[begin:end]
    without = flipped.outcome(rest)
    if not between or without is None or not flipped.passes(without[0]):
        return None
    after = [stop.point.row for stop in stops(failing.rows[end:], switch.worker) if not stop.takes]
    act = _act(without[0].rows, switch, after, moved, flipped, between)
    if act is None:
        return None
    of_other = other_check(act, between, failing.rows)
    if of_other is not None and not _raised(failing, act):
        return of_other
    check = _check(failing.rows[:begin], switch.worker, moved, flipped, between)
    if check is None:
        return None
    other = between_both(check, act, between) or partner(act, between) or call_partner(act, between)
    return None if other is None else Cause(check, other, act)


def _raised(failing: Outcome, act: Row) -> bool:
    """Say whether ``act`` is what raised the error of the run: then it changed nothing, and its worker was wrong."""
    seen = [error for worker, error in failing.unseen if worker == act.worker]
    if failing.error is not None and act.worker in failing.failing:
        errors = failing.error.exceptions if isinstance(failing.error, BaseExceptionGroup) else (failing.error,)
        seen += errors
    return any(raised_at(error) == (act.path, act.line) for error in seen)


def _check(
    earlier: Sequence[Row],
    worker: str,
    moved: Callable[[Point], list[Directive]],
    flipped: _Flipped,
    between: Sequence[Row],
) -> Row | None:
    """Return the newest act before the preemption that must come before the other worker's for the run to fail.

    What was done under a lock that was given back is moved as a whole.
    """
    held = held_after(earlier, worker)
    own = stops(earlier, worker)
    moving: list[Row] = []
    tried = 0
    for stop in reversed(own):
        row = stop.point.row
        if not stop.takes and (row.action in STEPS or partner(row, between) is not None):
            moving.append(row)
            tried += 1
        if moving and stop.held <= held:
            if flipped.turns_to_pass(moved(stop.point)):
                seen = [row for row in moving if row.action not in STEPS]
                return next((row for row in seen if is_question(row)), next(iter(seen), moving[0]))
            moving.clear()
        if tried >= LOOK_BACK:
            break
    return None


def _instead(after: Sequence[Row], between: Sequence[Row]) -> Row | None:
    """Return what a worker has done ``after`` others came in ``between``, where it came nowhere near to what it would
    have done without them."""
    return next((row for row in after if partner(row, between) is not None), after[0] if after else None)


def _act(
    passing: Sequence[Row],
    switch: Switch,
    after: Sequence[Row],
    moved: Callable[[Point], list[Directive]],
    flipped: _Flipped,
    between: Sequence[Row],
) -> Row | None:
    """Return the first act after the preemption that must come after the other worker's for the run to fail.

    ``passing`` are the rows of the run without the preemption: where the worker goes on undisturbed. What it does under
    a lock that it takes there is moved as a whole: the other worker would wait for the lock, and with it for all else.
    """
    own = stops(passing, switch.worker)
    preempted = switch.site, switch.occurrence
    first = next((i for i, s in enumerate(own) if (s.point.row.site, s.point.occurrence) == preempted), None)
    if first is None:  # a call, not announced without the preemption, or a lock's acquire
        return after[0] if after else None
    moving: list[Row] = []
    tried = 0
    for index, stop in list(enumerate(own))[first:]:
        row = stop.point.row
        if not stop.takes and (row.action in STEPS or any(conflict_by_name(row, other) for other in between)):
            moving.append(row)
        following = own[index + 1] if index + 1 < len(own) else None
        if not moving or (following is not None and not following.held <= own[first].held):
            continue
        tried += 1
        if tried > LOOK_BACK:
            break
        if following is None or flipped.turns_to_pass(moved(following.point)):
            decisive = next((row for row in moving if not is_question(row)), moving[0])
            return next((row for row in after if row.site == decisive.site), _instead(after, between))
        moving.clear()
    return None
