"""Lock-order inversions of a recorded trace as suspicions (CH105)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..trace.events import Event
from ..trace.locks import numbered, numbers_of
from ..trace.outcome import Row
from .data_race import with_values
from .lock_order import find_inversions
from .suspicion import Suspicion, at


def find_opposite_orders(events: Sequence[Event]) -> Iterator[Suspicion]:
    """Yield the cycles in which workers take locks.

    What a worker has read orders it after the write, also under a lock: it may have come here only for what it read.
    Where that is not so, a schedule shows the deadlock itself.
    """
    ordered, _ = with_values(events)
    for inversion in find_inversions(ordered):
        rows: list[Row] = []
        for acquisition, wanted in zip(inversion.cycle, (inversion.cycle[-1], *inversion.cycle), strict=False):
            held = acquisition.held[wanted.lock]
            if not isinstance(held, Row) or not isinstance(acquisition.where, Row):
                break
            rows += [held, acquisition.where]
        else:
            numbers = numbers_of(rows)
            rows = [numbered(row, numbers) for row in rows]
            told = [
                f"worker {first.worker} takes {_name(first)} {at(first, *rows)} and then {_name(then)} "
                f"{at(then, *rows)}"
                for first, then in zip(rows[::2], rows[1::2], strict=True)
            ]
            yield Suspicion("CH105", tuple(rows), "; ".join(told) + ". No schedule of the budget showed the deadlock")


def _name(row: Row) -> str:
    return "a lock" if row.target == "lock" else row.target
