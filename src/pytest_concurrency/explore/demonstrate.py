"""From a run that failed to the shortest schedule that fails alike, recorded, with the orders that decide."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from ..detect.causes import Cause, atomicity_violation
from ..detect.failures import Failure, failures_of, same_bug
from ..hazards import RAISED
from ..realtime import RealTime
from ..schedules.directives import Directive, Replay, from_switches
from ..schedules.minimise import ddmin, few_preemptions, preemptions_of, straight
from ..strategies.base import NEVER
from ..trace.outcome import Outcome
from .causes import find_causes
from .model import Found
from .runs import Runs

MINIMISE_RUNS = 400
MINIMISE_SECONDS = 5.0
MANY_DIRECTIVES = 6
"""Directives of a schedule above which those with one preemption are tried before it is shortened step by step."""


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What a failed run demonstrates. ``found`` is None where it passed when it was run again, which ``note`` says;
    ``suspected`` are atomicity violations that explain it."""

    found: Found | None
    suspected: tuple[Found, ...] = ()
    note: str = ""


def demonstrate(
    runs: Runs, outcome: Outcome, directives: tuple[Directive, ...], failures: Sequence[Failure], minimise: bool
) -> Demonstration:
    """Run what led to ``outcome``, with its ``failures``, again and recorded; ``minimise``: after shortening it."""
    main = next((f for f in failures if f.code != "CH110"), failures[0])
    horizon = 2_000 + 4 * outcome.failed_at if minimise else NEVER
    with runs.uncounted():
        if minimise:
            directives = _minimised(runs, main, directives, outcome.failing, horizon)
        recorded = runs(Replay(directives), recording=True, horizon=horizon)
        again = [f for f in failures_of(recorded) if same_bug(main, f)]
        if not again:
            directives = from_switches(outcome.switches)
            recorded = runs(Replay(directives), recording=True, horizon=horizon)
            again = [f for f in failures_of(recorded) if same_bug(main, f)]
        if minimise and not again and main.code in RAISED:
            return Demonstration(
                None,
                note=f"schedule {outcome.number} failed and passed when it was run again, so that it is not reported: "
                f"it depends on something else than the order of the workers ({main.message})",
            )
        shown = again[0] if again else main
        final = recorded if again else outcome
        causes: tuple[Cause, ...] = ()
        if minimise and again and shown.code in RAISED:
            causes = _causes(runs, directives, recorded, horizon)
    related = tuple(f for f in failures_of(final) if (f.code, f.place) != (shown.code, shown.place))
    violations = [atomicity_violation(cause) for cause in causes if cause.is_check_then_act]
    rows = tuple(row for cause in causes for row in cause.rows)
    return Demonstration(
        Found(shown, outcome.number, directives, final, (*related, *violations), decides=rows),
        tuple(Found(v, outcome.number, directives, final, decides=v.data.rows) for v in violations),
    )


def _causes(runs: Runs, directives: Sequence[Directive], recorded: Outcome, horizon: int) -> tuple[Cause, ...]:
    """Return the access pairs of ``recorded`` whose order decides."""

    def run(flipped: Sequence[Directive]) -> tuple[Outcome, bool]:
        strategy = Replay(flipped)
        outcome = runs(strategy, recording=True, horizon=horizon)
        return outcome, len(strategy.followed) == len(flipped)

    return find_causes(directives, recorded, run, lambda outcome: not failures_of(outcome))


def _minimised(
    runs: Runs, failure: Failure, directives: Sequence[Directive], failing: Sequence[str], horizon: int
) -> tuple[Directive, ...]:
    """Return the shortest list of directives that shows ``failure`` within ``horizon`` operations; ``failing`` are the
    workers in which an exception showed it."""
    end = RealTime.monotonic() + MINIMISE_SECONDS

    def fails(candidate: Sequence[Directive]) -> bool:
        if RealTime.monotonic() > end:
            return False
        found = failures_of(runs(Replay(candidate), horizon=horizon))
        return any(same_bug(failure, f) for f in found)

    kept = list(directives)
    if len(kept) > MANY_DIRECTIVES:
        shorter = itertools.chain(straight(kept, failing), few_preemptions(kept))
        kept = next((candidate for candidate in shorter if fails(candidate)), kept)
    kept = ddmin(kept, fails, MINIMISE_RUNS)
    if preemptions_of(kept) > 1:
        kept = next((ddmin(candidate, fails) for candidate in straight(kept, failing) if fails(candidate)), kept)
    return tuple(kept)
