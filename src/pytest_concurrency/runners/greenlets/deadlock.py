"""CH104 among greenlets: the loop has nothing left that could wake anybody (``LoopExit``)."""

from __future__ import annotations

import ast
import types
from collections.abc import Callable, Sequence
from dataclasses import replace

from ...hazards import help_text
from ...model import Finding, Location, Wait
from .callsite import MISSING, Names, callee_of, static_attribute, syntax_of
from .evidence import FrameView, view_stack
from .lifecycle import Life, Lives, parked_user_frame
from .places import is_machinery, is_user_file


def waiting(lives: Sequence[Life], relative: Callable[[str], str]) -> list[Location]:
    """Return where each living greenlet waits and for what."""
    places = []
    for life in lives:
        path, line, call = life.parked
        if path and not is_machinery(path):
            places.append(Location(relative(path), line, life.path, "waits", call))
    return places


def held_by(life: Life, lives: Lives, trace: types.TracebackType | None) -> str:
    """Return the path of the greenlet that holds the lock which ``life`` waits for, "" where that is not known.

    ``trace`` is the traceback of the ``LoopExit`` that was raised in the test's own greenlet.

    A reentrant lock knows its owner. Of others it is known who stands inside a ``with`` statement of the very lock.
    """
    frame = parked_user_frame(life.greenlet)
    callee = callee_of(frame) if frame is not None else None
    if callee is None or callee.owner is MISSING or callee.owner is None:
        return ""
    lock = callee.owner
    owner = static_attribute(lock, "_owner")
    if owner is not MISSING and hasattr(owner, "gr_frame"):
        return lives.name_of(owner)
    while trace is not None:
        here = replace(view_stack(trace.tb_frame, 1, 1)[0], line=trace.tb_lineno)
        if is_user_file(here.code.co_filename) and _inside_with(here, lock):
            return lives.name_of(lives.main)
        trace = trace.tb_next
    for other in lives.living():
        frames = view_stack(getattr(other.greenlet, "gr_frame", None), 16)
        if other is not life and any(_inside_with(v, lock) for v in frames if is_user_file(v.code.co_filename)):
            return other.path
    return ""


def _inside_with(frame: FrameView, lock: object) -> bool:
    tree = syntax_of(frame.code.co_filename)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.With) and node.body[0].lineno <= frame.line <= (node.end_lineno or 0):
            if any(Names(frame).resolve(item.context_expr) is lock for item in node.items):
                return True
    return False


def where_raised(trace: types.TracebackType | None, relative: Callable[[str], str]) -> list[Location]:
    """Return where the test's own greenlet waited, from the traceback of the ``LoopExit`` raised in it."""
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        if is_user_file(code.co_filename):
            here = replace(view_stack(trace.tb_frame, 1, 1)[0], line=trace.tb_lineno, lasti=trace.tb_lasti)
            callee = callee_of(here)
            what = callee.shown if callee is not None else f"{code.co_name}()"
            places = [Location(relative(code.co_filename), trace.tb_lineno, "0", "waits", what)]
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
    rows.append(help_text("CH104"))
    waits = tuple(Wait(place.worker, place.path, place.line, place.target) for place in places)
    return Finding("CH104", message, "\n".join(rows), level, repeat, locations=tuple(places), waits=waits)
