"""Races with a possible effect (CH103): most unordered accesses under the GIL have none, and are not reported.

What is left are two kinds: an update (a read, and a write computed from it) with another worker's unordered
write, and a loop over a list from which another worker removes. A read orders what follows it after what came before
the write that it saw: a program that hands work over through a flag or a container is right, though it uses no lock.
So the first race of a chain is seen and what depends on its outcome is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..trace.events import ITERATION, UPDATE, Action, Event, Touch
from ..trace.outcome import Row
from ..trace.target import parts_of
from .fasttrack import Access, Race, find_races
from .suspicion import Suspicion, at

REMOVERS = frozenset(
    {"remove", "pop", "clear", "insert", "reverse", "sort", "popleft", "rotate", "delitem", "shuffle", "heapify"}
    | {"heappush", "heappop", "heapreplace", "heappushpop", "insort", "insort_left", "insort_right"}
    | {"heappush_max", "heappop_max", "heapify_max", "heapreplace_max", "heappushpop_max"}
)
"""Methods of containers, and functions of the library, after which items are elsewhere."""


@dataclass(frozen=True, slots=True)
class _Pair:
    read: Row
    write: Row


def with_values(events: Sequence[Event]) -> tuple[list[Event], list[int]]:
    """Return ``events`` with the order that values carry from writes to reads, and for each the index of the event that
    it was or belongs to."""
    ordered: list[Event] = []
    origin: list[int] = []

    def add(event: Event, index: int) -> None:
        ordered.append(event)
        origin.append(index)

    for index, event in enumerate(events):
        add(event, index)
        if isinstance(event.where, Touch):
            value = ("value", event.where.row.location)
            if event.action is Action.READ or event.where.kind == UPDATE:
                add(Event(Action.ACQUIRE, event.worker, value), index)
            if event.action is Action.WRITE:
                add(Event(Action.RELEASE_MERGE, event.worker, value), index)
    return ordered, origin


def first_races(events: Sequence[Event]) -> tuple[Race, ...]:
    """Return the races of a trace that no other race comes before; their indexes are those of ``events``."""
    ordered, origin = with_values(events)
    return tuple(
        Race(race.location, _moved(race.first, origin), _moved(race.second, origin)) for race in find_races(ordered)
    )


def _moved(access: Access, origin: Sequence[int]) -> Access:
    return Access(origin[access.index], access.event)


def find_effects(events: Sequence[Event]) -> Iterator[Suspicion]:
    """Yield the races that may have an effect, one for each set of places."""
    updates = _updates(events)
    loops = _loops(events)
    seen: set[tuple[str, ...]] = set()
    for race in first_races(events):
        for side, other in ((race.first, race.second), (race.second, race.first)):
            found = _effect(side, other, updates, loops)
            if found is not None and found.sites not in seen:
                seen.add(found.sites)
                yield found


def _updates(events: Sequence[Event]) -> dict[int, _Pair]:
    """Return for the index of each read and write of an update its pair: no synchronisation lies between the two."""
    reads: dict[Hashable, dict[tuple[Hashable, str], tuple[int, Row]]] = {}
    found: dict[int, _Pair] = {}
    for index, event in enumerate(events):
        touch = event.where
        if not isinstance(touch, Touch):
            reads.pop(event.worker, None)
            continue
        own = reads.setdefault(event.worker, {})
        if event.action is Action.READ:
            own[event.target, touch.row.site] = index, touch.row
            continue
        for source in touch.sources:
            begin = own.get((event.target, source))
            if begin is not None:
                found[index] = found[begin[0]] = _Pair(begin[1], touch.row)
    return found


def _loops(events: Sequence[Event]) -> frozenset[tuple[Hashable, Hashable]]:
    """Return the workers and containers that a loop has taken more than one step through."""
    steps = Counter(
        (event.worker, event.target)
        for event in events
        if isinstance(event.where, Touch) and event.where.kind == ITERATION
    )
    return frozenset(place for place, count in steps.items() if count > 1)


def _effect(
    side: Access,
    other: Access,
    updates: Mapping[int, _Pair],
    loops: frozenset[tuple[Hashable, Hashable]],
) -> Suspicion | None:
    touch, foreign = side.event.where, other.event.where
    if not isinstance(touch, Touch) or not isinstance(foreign, Touch) or other.event.action is not Action.WRITE:
        return None
    pair = updates.get(side.index)
    if pair is not None:
        rows = (pair.read, foreign.row, pair.write)
        message = (
            f"worker {pair.read.worker} reads {pair.read.target} {at(pair.read, *rows)} and writes what it makes of it "
            f"{at(pair.write, *rows)}; nothing keeps worker {foreign.row.worker} from writing it in between "
            f"{at(foreign.row, *rows)}. No schedule of the budget tried it"
        )
        return Suspicion("CH103", rows, message)
    if (side.event.worker, side.event.target) not in loops:
        return None
    if touch.kind == ITERATION and touch.row.target == "list" and _removes(foreign.row):
        message = (
            f"worker {touch.row.worker} goes through a list {at(touch.row, foreign.row)}; nothing keeps worker "
            f"{foreign.row.worker} from changing it {at(foreign.row, touch.row)} meanwhile, so that items are passed "
            "over or met twice"
        )
        return Suspicion("CH103", (touch.row, foreign.row), message)
    return None


def _removes(row: Row) -> bool:
    target = parts_of(row.target)
    return not REMOVERS.isdisjoint((target.member, target.function)) or (not target.member and "delete" in row.site)
