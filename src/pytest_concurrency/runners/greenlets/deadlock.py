"""CH104 among greenlets: the loop has nothing left that could wake anybody (``LoopExit``)."""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence

from ...hazards import help_text
from ...model import Finding, Location, Wait
from .lifecycle import Life
from .places import is_machinery, is_user_file


def waiting(lives: Sequence[Life], relative: Callable[[str], str]) -> list[Location]:
    """Return where each living greenlet waits and for what."""
    places = []
    for life in lives:
        path, line, call = life.parked
        if path and not is_machinery(path):
            places.append(Location(relative(path), line, life.path, "waits", call))
    return places


def where_raised(trace: types.TracebackType | None, relative: Callable[[str], str]) -> list[Location]:
    """Return where the test's own greenlet waited, from the traceback of the ``LoopExit`` raised in it."""
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        if is_user_file(code.co_filename):
            places = [Location(relative(code.co_filename), trace.tb_lineno, "0", "waits", f"{code.co_name}()")]
        trace = trace.tb_next
    return places


def deadlock(
    lives: Sequence[Life],
    trace: types.TracebackType | None,
    repeat: int,
    level: str,
    relative: Callable[[str], str],
) -> Finding:
    """Return CH104: who waits for what."""
    places = where_raised(trace, relative) + waiting(lives, relative)
    message = f"every greenlet waits and nothing can wake one ({len(places)} of them)"
    rows = [f"{message}:"]
    rows += [f"  greenlet {p.worker} waits at {p.path}:{p.line} in {p.target}" for p in places]
    rows.append(f"  {help_text('CH104')}")
    waits = tuple(Wait(place.worker, place.path, place.line, place.target) for place in places)
    return Finding("CH104", message, "\n".join(rows), level, repeat, locations=tuple(places), waits=waits)
