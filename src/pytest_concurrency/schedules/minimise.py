"""Making a failing schedule as short as it can be: delta debugging over its directives.

Zeller, Hildebrandt: Simplifying and Isolating Failure-Inducing Input (IEEE TSE 2002), algorithm ddmin.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from ..trace.workers import TEST
from .directives import BEFORE, BLOCKED, Directive

T = TypeVar("T")
TARGETS = 4
"""Workers to which a schedule of one preemption may go straight."""


def ddmin(items: Sequence[T], fails: Callable[[Sequence[T]], bool], budget: int = 200) -> list[T]:
    """Return a sublist of ``items`` that still fails and from which no single item can be left out.

    ``fails`` is asked at most ``budget`` times; ``items`` itself is taken to fail. With the budget used up the
    shortest list found so far is returned.
    """
    current = list(items)
    if current and budget > 0:
        budget -= 1
        if fails([]):
            return []
    parts = 2
    while len(current) >= 2:
        size = max(1, len(current) // parts)
        chunks = [current[i : i + size] for i in range(0, len(current), size)]
        for candidate in _candidates(chunks):
            if budget <= 0:
                return current
            budget -= 1
            if fails(candidate):
                parts = 2 if len(candidate) <= size else max(parts - 1, 2)
                current = candidate
                break
        else:
            if size == 1:
                return current
            parts = min(parts * 2, len(current))
    return current


def few_preemptions(directives: Sequence[Directive], limit: int = 60) -> Iterator[list[Directive]]:
    """Yield parts of a schedule with one preemption each, the latest first: many bugs need no more, and taking a long
    schedule apart step by step gets stuck where one preemption stands for another. At most ``limit`` preemptions are
    tried, alone and then with all choices made where a worker had blocked or ended."""
    preemptions = [d for d in directives if d.moment == BEFORE][-limit:]
    others = [d for d in directives if d.moment != BEFORE]
    for part in ([], others) if others else ([],):
        for preemption in reversed(preemptions):
            yield [*part, preemption]


def straight(
    directives: Sequence[Directive], failing: Sequence[str] = (), limit: int = 60
) -> Iterator[list[Directive]]:
    """Yield schedules of one preemption that go straight where a long one went by many stations.

    One worker runs first, is preempted at one of the places where ``directives`` preempt somebody, and one of
    ``failing`` runs, or of those that were chosen last; then the same with the two in each other's place: workers often
    do the same, and the one that runs first need not be preempted to begin with; then both with what lets the test go
    on, and start others, before a worker has ended. At most ``limit`` schedules in all.
    """
    preemptions = {(d.site, d.occurrence): d for d in directives if d.moment == BEFORE}
    targets = dict.fromkeys([*failing, *(d.to for d in reversed(directives))])
    start = next((d for d in directives if d.moment == BLOCKED), None)
    pairs = [
        (preemption, target)
        for target in itertools.islice(targets, TARGETS)
        for preemption in reversed(preemptions.values())
        if target != preemption.worker
    ]
    swapped = [(replace(preemption, worker=target), preemption.worker) for preemption, target in pairs]
    plain = [
        [*([replace(start, to=preemption.worker)] if start is not None else []), replace(preemption, to=target)]
        for preemption, target in [*pairs, *swapped]
    ]
    back = [d for d in directives if d.to == TEST and d.moment == BEFORE]
    after = [[*(d for d in back if d.point != schedule[-1].point), *schedule] for schedule in plain if back]
    yield from [*plain, *after][:limit]


def preemptions_of(directives: Sequence[Directive]) -> int:
    """Return how many of ``directives`` preempt a worker."""
    return sum(directive.moment == BEFORE for directive in directives)


def _candidates(chunks: Sequence[list[T]]) -> list[list[T]]:
    complements = [[x for j, c in enumerate(chunks) if j != i for x in c] for i in range(len(chunks))]
    return [*chunks, *complements] if len(chunks) > 2 else list(chunks)
