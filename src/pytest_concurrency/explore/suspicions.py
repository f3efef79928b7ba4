"""What is left to suspect where no schedule showed a failure: runs that record everything, and what follows from them.

Only tests with an open suspicion are run once more: a cycle of locks that no schedule closed, an update that the budget
left no schedule to interrupt, a loop over a list that another worker changes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from ..detect.data_race import find_effects
from ..detect.inversion import find_opposite_orders
from ..detect.suspicion import Suspicion
from ..instrument.sites import WHOLE, Site
from ..strategies.base import Strategy
from ..strategies.directed import Directed, HoldAll
from ..trace.events import Event
from ..trace.outcome import Outcome
from .contention import Contention
from .suspects import Points

UPDATES = 4
"""Updates that are tried out although the budget is used up."""
Record = Callable[[bool], tuple[Outcome, Sequence[Event]]]
"""Runs the workers in serial order (True: the last first) with everything recorded."""


def suspicions(
    known: Contention,
    cycles: Sequence[Points],
    interrupted: Collection[str],
    run: Callable[[Strategy], Outcome],
    record: Record,
) -> Iterator[Suspicion]:
    """Yield what no schedule could settle.

    ``cycles`` are the acquires that would close a cycle of waiting, none of which was seen to do so;
    ``interrupted`` are the keys of the writes that a schedule held back until another worker had written or could not.
    """
    possible = _possible(cycles, run)
    untried = sorted(site.key for site in known.contended if site.derived and site.key not in interrupted)
    updates = {key for key in untried[:UPDATES] if _loses(key, run)}
    if not possible and not updates and not _loops_over_changed(known.contended):
        return
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for last_first in (False, True):
        outcome, events = record(last_first)
        if outcome.external or outcome.timed_out or outcome.error is not None:
            return
        found = [s for s in find_effects(events) if len(s.rows) == 2 or s.sites[-1] in updates]
        if possible:
            found += [s for s in find_opposite_orders(events) if _wanted(s) in possible]
        for suspicion in found:
            key = suspicion.code, tuple(sorted(suspicion.sites))
            if key not in seen:
                seen.add(key)
                yield suspicion


def _wanted(suspicion: Suspicion) -> frozenset[tuple[str, str]]:
    return frozenset((row.worker, row.site) for row in suspicion.rows[1::2])


def _possible(cycles: Sequence[Points], run: Callable[[Strategy], Outcome]) -> set[frozenset[tuple[str, str]]]:
    """Return the cycles, by workers and sites, in which nothing but the locks keeps a worker from coming in."""
    possible: set[frozenset[tuple[str, str]]] = set()
    impossible: set[frozenset[tuple[str, str]]] = set()
    for points in cycles:
        strategy = HoldAll(points)
        run(strategy)
        places = frozenset((worker, site) for worker, site, _ in points)
        (impossible if strategy.kept_out else possible).add(places)
    return possible - impossible


def _loses(key: str, run: Callable[[Strategy], Outcome]) -> bool:
    """Say whether holding a worker before the write at the site ``key`` loses an update."""
    return any(lost.write.site == key for lost in run(Directed(key)).lost)


def _loops_over_changed(contended: Collection[Site]) -> bool:
    return any(site.kind == WHOLE and site.name == "iter" for site in contended)
