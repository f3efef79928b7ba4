"""FastTrack: conflicting accesses that nothing orders, from one trace (CH103).

Source: Flanagan, Freund, "FastTrack: Efficient and Precise Dynamic Race Detection", PLDI 2009. A location's last write,
and mostly its last read, is kept as one clock entry; several reads only while concurrent. Precise for the trace at
hand: a location is reported if and only if two of its accesses are unordered.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from ..trace.events import Action, Clock, Event, merge


@dataclass(frozen=True, slots=True)
class Access:
    """One side of a race: ``index`` is the event's position in the trace."""

    index: int
    event: Event


@dataclass(frozen=True, slots=True)
class Race:
    """Two accesses of ``location`` by different workers, at least one a write, that nothing orders."""

    location: Hashable
    first: Access
    second: Access


@dataclass(frozen=True, slots=True)
class _Stamp:
    """An access and the count of its worker's clock at the time (the paper's epoch)."""

    count: int
    access: Access

    @property
    def worker(self) -> Hashable:
        return self.access.event.worker

    def is_before(self, clock: Clock) -> bool:
        return self.count <= clock.get(self.worker, 0)


@dataclass(slots=True)
class _Location:
    write: _Stamp | None = None
    reads: dict[Hashable, _Stamp] = field(default_factory=dict)


def find_races(events: Iterable[Event]) -> tuple[Race, ...]:
    """Return the races of a trace in the order of their second accesses.

    Of several races of one location between the same two places only the first is returned.
    """
    clocks: dict[Hashable, Clock] = {}
    objects: dict[Hashable, Clock] = {}
    locations: dict[Hashable, _Location] = {}
    races: dict[tuple[Hashable, frozenset[tuple[Action, object]]], Race] = {}

    for index, event in enumerate(events):
        worker, target = event.worker, event.target
        clock = clocks.setdefault(worker, {worker: 1})
        if event.action is Action.READ or event.action is Action.WRITE:
            location = locations.setdefault(target, _Location())
            now = _Stamp(clock[worker], Access(index, event))
            raced = _read(location, now, clock) if event.action is Action.READ else _write(location, now, clock)
            for earlier in raced:
                sides = frozenset((a.event.action, a.event.where) for a in (earlier.access, now.access))
                races.setdefault((target, sides), Race(target, earlier.access, now.access))
        elif event.action is Action.ACQUIRE:
            merge(clock, objects.get(target, {}))
        elif event.action is Action.RELEASE:
            objects[target] = dict(clock)
            clock[worker] += 1
        elif event.action is Action.RELEASE_MERGE:
            merge(objects.setdefault(target, {}), clock)
            clock[worker] += 1
        elif event.action is Action.FORK:
            merge(clocks.setdefault(target, {target: 1}), clock)
            clock[worker] += 1
        else:
            ended = clocks.setdefault(target, {target: 1})
            merge(clock, ended)
            ended[target] += 1  # should it have gone on after all, that is not ordered before the join
    return tuple(races.values())


def _read(location: _Location, now: _Stamp, clock: Clock) -> list[_Stamp]:
    own = location.reads.get(now.worker)
    if own is not None and own.count == now.count:
        return []
    raced = []
    if location.write is not None and not location.write.is_before(clock):
        raced.append(location.write)
    if len(location.reads) == 1:
        (other,) = location.reads.values()
        if other.is_before(clock):
            location.reads.clear()
    location.reads[now.worker] = now
    return raced


def _write(location: _Location, now: _Stamp, clock: Clock) -> list[_Stamp]:
    last = location.write
    if last is not None and last.worker == now.worker and last.count == now.count:
        return []
    raced = [] if last is None or last.is_before(clock) else [last]
    raced += [read for read in location.reads.values() if not read.is_before(clock)]
    if len(location.reads) > 1:
        location.reads.clear()
    location.write = now
    return raced
