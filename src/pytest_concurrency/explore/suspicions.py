"""What is left to suspect where no schedule showed a failure: runs that record everything, and what follows from them.

Only tests with an open suspicion are run once more: a cycle of locks that no schedule closed, an update that no schedule
interrupted, a loop over a list that another worker changes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from ..detect.data_race import find_effects
from ..detect.inversion import find_opposite_orders
from ..detect.suspicion import Suspicion
from ..detect.trace_events import Event
from ..instrument.sites import WHOLE, Site
from ..runtime.trace import Outcome
from ..strategies.directed import HoldAll
from .contention import Contention
from .suspects import Points, closing_cycles

CYCLES = 4
"""Cycles of locks that are looked at."""
Record = Callable[[bool], tuple[Outcome, Sequence[Event]]]
"""Runs the workers in serial order (True: the last first) with everything recorded."""


def suspicions(
    known: Contention, interrupted: Collection[str], run: Callable[[HoldAll], Outcome], record: Record
) -> Iterator[Suspicion]:
    """Yield what no schedule could settle.

    ``interrupted`` are the keys of the writes that a schedule held back until another worker had written or could not.
    """
    cycles = _possible(closing_cycles(known.nested)[:CYCLES], run)
    updates = {site.key for site in known.contended if site.derived and site.key not in interrupted}
    if not cycles and not updates and not _loops_over_changed(known.contended):
        return
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for last_first in (False, True):
        outcome, events = record(last_first)
        if outcome.external or outcome.timed_out or outcome.error is not None:
            return
        found = [s for s in find_effects(events) if len(s.rows) == 2 or s.sites[-1] in updates]
        if cycles:
            found += [s for s in find_opposite_orders(events) if _wanted(s) in cycles]
        for suspicion in found:
            key = suspicion.code, tuple(sorted(suspicion.sites))
            if key not in seen:
                seen.add(key)
                yield suspicion


def _wanted(suspicion: Suspicion) -> frozenset[tuple[str, str]]:
    return frozenset((row.worker, row.site) for row in suspicion.rows[1::2])


def _possible(cycles: Sequence[Points], run: Callable[[HoldAll], Outcome]) -> set[frozenset[tuple[str, str]]]:
    """Return the cycles, by workers and sites, in which nothing but the locks keeps a worker from coming in."""
    possible: set[frozenset[tuple[str, str]]] = set()
    impossible: set[frozenset[tuple[str, str]]] = set()
    for points in cycles:
        strategy = HoldAll(points)
        run(strategy)
        places = frozenset((worker, site) for worker, site, _ in points)
        (impossible if strategy.kept_out else possible).add(places)
    return possible - impossible


def _loops_over_changed(contended: Collection[Site]) -> bool:
    return any(site.kind == WHOLE and site.name == "iter" for site in contended)
