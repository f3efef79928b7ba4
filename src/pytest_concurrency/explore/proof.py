"""When a complete exploration may be called complete, and what is said of one."""

from __future__ import annotations

from collections.abc import Sequence

from ..instrument.sites import Site
from ..notes import CUT_SHORT, proof
from ..runtime.execution import SATURATION, Execution
from ..strategies.bounded import Bounded
from ..strategies.precise import Precise
from ..trace.outcome import Outcome
from .contention import contended_sites


def cut_short(run: Execution, outcome: Outcome) -> str:
    """Return why the run was not controlled to its very end, or an empty string."""
    if outcome.timed_out:
        return "a schedule timed out"
    if outcome.external:
        return "a worker blocked outside the engine's control"
    if run.coasting:
        return "a schedule ended early because of what it had shown"
    if run.aborting or any(not worker.done for worker in run.workers if worker is not run.main):
        return "a thread did not end by itself"
    if run.steps > run.fairness.after or run.fairness.overlong:
        return "a schedule was too long"
    return ""


def doubt_of(run: Execution, outcome: Outcome) -> str:
    """Return why a run shows less than its operations tell, or an empty string."""
    if outcome.virtual_seconds > 0:
        return "time passed: a wait timed out, a worker slept or polled"
    if run.explore_timeouts and run.timed_waits:
        return "a wait has a time-out, and only the sampling strategies explore those"
    if run.uses_thread_locals:
        return "thread-local data is used"
    if run.saturated or any(site.hits > SATURATION for site in run.all_sites()):
        return "a place was passed too often to be watched"
    return ""


def newly_shared(run: Execution) -> list[Site]:
    """Return the sites that were silent because nobody else touched what they touch, and that are not local."""
    found: set[Site] = set()
    for location in run.locations.values():
        if len(location.accesses) > 1 and any(not site.contended for site, _, _ in location.accesses):
            found.update(site for site in contended_sites(location) if not site.contended)
    return sorted(found, key=lambda site: site.key)


def verdict(strategy: Precise, limited: bool) -> tuple[bool, str]:
    """Return whether ``strategy`` has proven that there is no hazard, and the sentence about it.

    ``limited``: it was the only one asked for, so that what is missing is to be said.
    """
    bounded = isinstance(strategy, Bounded)
    plural = "s" if strategy.found != 1 else ""
    if strategy.exhausted and not strategy.doubts:
        what = f"schedule{plural}" if bounded else f"distinct interleaving{plural}"
        every = f"all {strategy.found}" if strategy.found != 1 else "the only"
        return True, proof(f"{every} {what} of the operations on shared locations")
    if strategy.exhausted and limited:
        return False, f"not a proof: {'; '.join(_few(strategy.doubts))}"
    if not limited:
        return False, ""
    reached = f"{strategy.found} distinct interleaving{plural} explored, more are left"
    if isinstance(strategy, Bounded):
        reached = (
            f"all schedules with fewer than {strategy.bound} preemption{'s' if strategy.bound != 1 else ''} explored, "
            f"those with {strategy.bound} not all"
        )
    return False, f"{CUT_SHORT}: {reached}"


def _few(reasons: Sequence[str]) -> list[str]:
    return [*reasons[:3], *(["and more"] if len(reasons) > 3 else [])]
