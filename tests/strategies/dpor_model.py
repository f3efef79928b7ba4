"""Programs as states and operations: what :class:`SourceDpor` is tested with, without any thread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pytest_concurrency.strategies.dpor_core import Abort, SourceDpor
from pytest_concurrency.strategies.dpor_ops import Op, W

S = TypeVar("S")


class Model(Protocol[W, S]):
    """A program as states and operations, for :func:`explore`; states are never changed in place."""

    def initial(self) -> S:
        """Return the state before the first operation."""
        ...

    def pending(self, state: S) -> Mapping[W, Op[W]]:
        """Return the next operation of every unfinished worker, in an order that follows from the state."""
        ...

    def enabled(self, state: S, worker: W) -> bool:
        """Return whether the next operation of an unfinished worker can run without blocking."""
        ...

    def execute(self, state: S, worker: W) -> S:
        """Return the state after the next operation of an enabled worker."""
        ...


@dataclass(frozen=True, slots=True)
class Run(Generic[W]):
    """A complete run: the operations in order, and those of the workers left waiting for ever."""

    events: tuple[tuple[W, Op[W]], ...]
    stuck: tuple[tuple[W, Op[W]], ...] = ()


def explore(model: Model[W, S], limit: int | None = None, dpor: SourceDpor[W] | None = None) -> Iterator[Run[W]]:
    """Yield one complete run for each class of equivalent interleavings of ``model``, within ``limit`` runs.

    Redundant runs are not yielded. ``dpor`` may be given to look at its counters afterwards.
    """
    dpor = SourceDpor() if dpor is None else dpor
    exhausted = False
    while not exhausted and (limit is None or dpor.runs + dpor.redundant < limit):
        dpor.begin()
        state = model.initial()
        events: list[tuple[W, Op[W]]] = []
        current: W | None = None
        while True:
            pending = model.pending(state)
            enabled = {worker: op for worker, op in pending.items() if model.enabled(state, worker)}
            if not enabled:
                exhausted = dpor.end(pending)
                yield Run(tuple(events), tuple(pending.items()))
                break
            chosen = dpor.pick(enabled, current)
            if isinstance(chosen, Abort):
                exhausted = dpor.end({w: op for w, op in pending.items() if w not in enabled})
                break
            events.append((chosen, enabled[chosen]))
            state = model.execute(state, chosen)
            current = chosen
