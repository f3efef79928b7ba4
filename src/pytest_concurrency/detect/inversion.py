"""Lock-order inversions of a recorded trace as suspicions (CH105)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..runtime.trace import Row
from .data_race import racy_places, with_values
from .lock_order import find_inversions
from .suspicion import Suspicion, at
from .trace_events import Event


def find_opposite_orders(events: Sequence[Event]) -> Iterator[Suspicion]:
    """Yield the cycles in which workers take locks; what workers tell each other without a lock orders them too."""
    ordered, _ = with_values(events, racy_places(events))
    for inversion in find_inversions(ordered):
        rows: list[Row] = []
        told = []
        for acquisition, wanted in zip(inversion.cycle, (inversion.cycle[-1], *inversion.cycle), strict=False):
            held = acquisition.held[wanted.lock]
            if not isinstance(held, Row) or not isinstance(acquisition.where, Row):
                break
            rows += [held, acquisition.where]
            told.append(
                f"worker {held.worker} takes {_name(held)} {at(held)} and then {_name(acquisition.where)} "
                f"{at(acquisition.where)}"
            )
        else:
            yield Suspicion("CH105", tuple(rows), "; ".join(told) + ". No schedule showed the deadlock")


def _name(row: Row) -> str:
    return "a lock" if row.target == "lock" else row.target
