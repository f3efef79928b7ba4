"""Lock-order inversions: cycles in which every worker waits for a lock that the next one holds (CH105).

A cycle counts only where it could close: its acquisitions belong to different workers, no lock is held in two of them
(a gate lock lets only one worker in at a time), and none is ordered before another by starts, joins or signals. A
release before an acquire orders nothing here: another schedule may change it.

Source: Havelund, "Using Runtime Analysis to Guide Model Checking of Java Programs", SPIN 2000 (gate locks); Agarwal et
al., "Detection of deadlock potentials in multithreaded programs", IBM Journal of Research and Development 54(5), 2010
(segments ordered by start and join).
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from ..trace.events import Action, Clock, Event, merge


@dataclass(frozen=True, slots=True)
class Acquisition:
    """A worker acquired ``lock`` while it held others.

    ``held`` maps each held lock to where it was acquired, ``segment`` counts the worker's own starts, joins and signals
    so far, and ``ordered`` says which segment of each other worker is known to have come before.
    """

    worker: Hashable
    lock: Hashable
    where: object
    held: Mapping[Hashable, object]
    segment: int = 1
    ordered: Mapping[Hashable, int] = field(default_factory=dict)

    def is_before(self, other: Acquisition) -> bool:
        """Return whether this acquisition comes first in every schedule."""
        return self.segment <= other.ordered.get(self.worker, 0)


@dataclass(frozen=True, slots=True)
class Inversion:
    """A cycle: each acquisition wants a lock that the next one holds, the last one one of the first's."""

    cycle: tuple[Acquisition, ...]

    @property
    def locks(self) -> tuple[Hashable, ...]:
        """The locks of the cycle, each wanted by the acquisition at the same position."""
        return tuple(acquisition.lock for acquisition in self.cycle)


def find_inversions(events: Iterable[Event], longest: int = 5, limit: int = 100_000) -> tuple[Inversion, ...]:
    """Return the inversions of a trace; arguments as for :func:`inversions`."""
    return inversions(acquisitions(events), longest, limit)


def acquisitions(events: Iterable[Event]) -> Iterator[Acquisition]:
    """Yield the blocking acquisitions of a trace that were made while another lock was held.

    Only what is released by the worker that acquired it is a lock; everything else is a signal, and orders.
    """
    trace = tuple(events)
    signals = _signals(trace)
    clocks: dict[Hashable, Clock] = {}
    sent: dict[Hashable, Clock] = {}
    held: dict[Hashable, dict[Hashable, object]] = {}
    for event in trace:
        worker, target = event.worker, event.target
        clock = clocks.setdefault(worker, {worker: 1})
        own = held.setdefault(worker, {})
        if event.action is Action.ACQUIRE and target not in signals:
            if own and event.blocking and target not in own:
                ordered = {other: count for other, count in clock.items() if other != worker}
                yield Acquisition(worker, target, event.where, dict(own), clock[worker], ordered)
            own.setdefault(target, event.where)
        elif event.action is Action.ACQUIRE:
            merge(clock, sent.get(target, {}))
        elif event.action is Action.RELEASE and target not in signals:
            own.pop(target, None)
        elif event.action in (Action.RELEASE, Action.RELEASE_MERGE):
            merge(sent.setdefault(target, {}), clock)
            clock[worker] += 1
        elif event.action is Action.FORK:
            merge(clocks.setdefault(target, {target: 1}), clock)
            clock[worker] += 1
        elif event.action is Action.JOINED:
            ended = clocks.setdefault(target, {target: 1})
            merge(clock, ended)
            ended[target] += 1


class Acquired(Protocol):
    """An acquisition of ``lock`` under those in ``held``."""

    @property
    def lock(self) -> Hashable: ...

    @property
    def held(self) -> Collection[Hashable]: ...


A = TypeVar("A", bound=Acquired)


def on_cycles(acquired: Sequence[A]) -> Sequence[A]:
    """Return those of ``acquired`` that may be on a cycle: their lock is held in one of them, and one that they hold is
    wanted. Where locks are taken in one order, as they should be, none is left, however many there are."""
    while True:
        held = {lock for each in acquired for lock in each.held}
        wanted = {each.lock for each in acquired}
        left = [each for each in acquired if each.lock in held and not wanted.isdisjoint(each.held)]
        if len(left) == len(acquired):
            return left
        acquired = left


def _signals(trace: tuple[Event, ...]) -> set[Hashable]:
    """Return the objects that are no locks: merged into, or released by a worker that does not hold them."""
    signals: set[Hashable] = set()
    owner: dict[Hashable, Hashable] = {}
    for event in trace:
        if event.action is Action.RELEASE_MERGE:
            signals.add(event.target)
        elif event.action is Action.ACQUIRE:
            owner[event.target] = event.worker
        elif event.action is Action.RELEASE and owner.pop(event.target, event.worker) != event.worker:
            signals.add(event.target)
    return signals


def inversions(acquired: Iterable[Acquisition], longest: int = 5, limit: int = 100_000) -> tuple[Inversion, ...]:
    """Return the cycles that could close, one for each set of (held lock, wanted lock) pairs.

    ``longest`` is the largest number of workers in a cycle that is looked for, ``limit`` the number of steps
    after which the search ends with what it has found.
    """
    seen: set[object] = set()
    distinct: list[Acquisition] = []
    for acquisition in acquired:
        clock = frozenset(acquisition.ordered.items())
        key = (acquisition.worker, acquisition.lock, frozenset(acquisition.held), acquisition.segment, clock)
        if key not in seen:
            seen.add(key)
            distinct.append(acquisition)
    starts = on_cycles(distinct)
    holding: dict[Hashable, list[Acquisition]] = {}  # by the lock that is held
    for acquisition in starts:
        for lock in acquisition.held:
            holding.setdefault(lock, []).append(acquisition)

    rank = {id(acquisition): index for index, acquisition in enumerate(starts)}
    found: dict[frozenset[tuple[Hashable, Hashable]], Inversion] = {}
    paths: list[tuple[Acquisition, ...]] = [(start,) for start in reversed(starts)]
    while paths and limit > 0:
        limit -= 1
        path = paths.pop()
        first, last = path[0], path[-1]
        if len(path) > 1 and last.lock in first.held:
            pairs = zip((last, *path), path, strict=False)
            found.setdefault(frozenset((a.lock, b.lock) for a, b in pairs), Inversion(path))
            continue
        if len(path) < longest:
            # a cycle is found from its first acquisition in the trace alone
            paths += [
                (*path, after)
                for after in reversed(holding.get(last.lock, ()))
                if rank[id(after)] > rank[id(first)] and all(_can_wait_together(a, after) for a in path)
            ]
    return tuple(found.values())


def _can_wait_together(a: Acquisition, b: Acquisition) -> bool:
    return (
        a.worker != b.worker
        and a.held.keys().isdisjoint(b.held)
        and a.lock != b.lock
        and not a.is_before(b)
        and not b.is_before(a)
    )
