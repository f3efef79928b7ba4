"""CH104 among greenlets: the loop has nothing left that could wake anybody (``LoopExit``)."""

from __future__ import annotations

import ast
import queue
import threading
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from ...detect.failures import deaths_told, kept_locks, stuck
from ...hazards import help_text
from ...model import Finding, Location, Wait
from ...trace.locks import numbers_of, the_lock
from ...trace.outcome import Blocked, Died
from . import worded
from .callsite import MISSING, Callee, Names, callee_of, static_attribute, syntax_of
from .evidence import FrameView, view_stack
from .held import Held, is_lock, is_semaphore
from .lifecycle import Lives, parked_view
from .lost import was_fetched
from .places import is_machinery, is_user_file
from .runner import GreenletRunner

MAIN = "0"
JOIN = "Thread.join"
"""The kind of all waits for the end of others."""
_SPAWNS = frozenset({"spawn", "apply", "apply_async", "map", "map_async", "imap", "imap_unordered", "add", "start"})


def blocked(lives: Lives, trace: types.TracebackType | None, held: Held | None = None) -> tuple[Blocked, ...]:
    """Return who waits for what, the test's own greenlet, in which ``LoopExit`` was raised with ``trace``, first."""
    own = list(_frames(trace))
    waiting: list[tuple[str, Any, FrameView]] = [(MAIN, lives.main, own[-1])] if own else []
    for life in lives.living():
        view = parked_view(life.greenlet)
        if view is not None and not is_machinery(view.code.co_filename):
            waiting.append((life.path, life.greenlet, view))
    rows = []
    for path, greenlet, view in waiting:
        callee = callee_of(view)
        call = callee.shown if callee is not None else view.code.co_name
        row = Blocked(
            path, view.code.co_filename, view.line, call, call, "", 0, "", False, False, kind=_kind(callee)
        )  # fmt: skip
        lock = _lock(callee)
        if lock is not None and callee is not None:
            name = callee.text.removesuffix(".acquire")
            row = replace(row, lock=(id(lock), "lock"), lock_name=name)
            row = _with_holder(row, lock, greenlet, lives, own, held)
        rows.append(row)
    return tuple(rows)


def deaths(lives: Lives, rows: Sequence[Blocked]) -> tuple[Died, ...]:
    """Return the greenlets that have died of an error at which nobody looked, or of whatever while they held what one
    of ``rows`` waits for."""
    import gevent

    holders = {row.holder for row in rows if row.holder_ended}
    died = []
    for life in lives.lives.values():
        greenlet = life.greenlet
        error = life.died or (greenlet.exception if greenlet.dead else None)
        if life.path in holders:
            error = error or greenlet.value
            if isinstance(error, gevent.GreenletExit | gevent.Timeout):
                frames = list(_frames(error.__traceback__))
                at = (frames[-1].code.co_filename, frames[-1].line) if frames else ("", 0)
                died.append(Died(life.path, error, at=at))
            elif isinstance(error, Exception):
                died.append(Died(life.path, error))
        elif isinstance(error, Exception) and is_user_file(life.site[0]) and (life.died or not was_fetched(error)):
            died.append(Died(life.path, error))
    return tuple(died)


def _frames(trace: types.TracebackType | None) -> Iterator[FrameView]:
    """Yield the frames of the user's code that an exception came through, the innermost last."""
    while trace is not None:
        if is_user_file(trace.tb_frame.f_code.co_filename):
            yield replace(view_stack(trace.tb_frame, 1, 1)[0], line=trace.tb_lineno, lasti=trace.tb_lasti)
        trace = trace.tb_next


def _lock(callee: Callee | None) -> Any:
    """Return the lock that ``callee`` takes, None where it is another operation."""
    if callee is None or callee.owner is MISSING or not is_lock(callee.owner):
        return None
    takes = callee.kind == "with" or (callee.kind == "call" and callee.text.endswith(".acquire"))
    return callee.owner if takes else None


def _kind(callee: Callee | None) -> str:
    """Return the kind of an operation as the causes of deadlocks know it, "" where it is not known."""
    if callee is None:
        return ""
    from gevent import Greenlet
    from gevent.event import AsyncResult, Event
    from gevent.pool import Group, Pool
    from gevent.queue import Channel, SimpleQueue

    cls, method = type(callee.owner), callee.text.rpartition(".")[2]
    if callee.owner is MISSING:
        spawned = isinstance(callee.expression, ast.Attribute) and isinstance(callee.expression.value, ast.Call)
        return JOIN if method == "joinall" or (spawned and method in ("join", "get")) else ""
    if issubclass(cls, Greenlet | threading.Thread | GreenletRunner) or method in ("joinall", "killall"):
        return JOIN
    if issubclass(cls, Group):
        return "Pool.spawn" if issubclass(cls, Pool) and method in _SPAWNS else JOIN
    if issubclass(cls, Channel | SimpleQueue | queue.Queue):
        return f"Queue.{'get' if callee.kind == 'iter' or method == 'peek' else method}"
    if issubclass(cls, Event | threading.Event):
        return "Event.wait"
    if issubclass(cls, AsyncResult):
        return "AsyncResult.get"
    if issubclass(cls, threading.Condition):
        return f"Condition.{method}" if callee.kind == "call" else ""
    return "Semaphore.acquire" if is_semaphore(callee.owner) else ""


def _with_holder(
    row: Blocked, lock: Any, waiter: Any, lives: Lives, own: Sequence[FrameView], held: Held | None
) -> Blocked:
    """Return ``row`` with who holds ``lock``, where that is known.

    A reentrant lock knows its owner. Of others it is known who stands inside a ``with`` statement of the very lock, and
    in a recorded run who took it.
    """
    noted = held.of(lock) if held is not None else None
    path, ended, place = "", False, ("", 0)
    owner = static_attribute(lock, "_owner")
    known = [(MAIN, lives.main), *((life.path, life.greenlet) for life in lives.lives.values())]
    for name, greenlet in known:
        if greenlet is owner or id(greenlet) == owner:
            path, ended = name, bool(greenlet.dead)
    if not path:
        path, place = _inside(lock, waiter, lives, own)
    if not path and noted is not None and not _waits_without(noted.worker, lock, lives):
        path = noted.worker
        ended = all(name != path or bool(greenlet.dead) for name, greenlet in known)
    if noted is not None and noted.worker == path:
        place = noted.path, noted.line
    name = the_lock(row.lock_name) if path else row.waits_for
    return replace(row, waits_for=name, holder=path, holder_path=place[0], holder_line=place[1], holder_ended=ended)


def _inside(lock: Any, waiter: Any, lives: Lives, own: Sequence[FrameView]) -> tuple[str, tuple[str, int]]:
    """Return which greenlet stands inside a ``with`` statement of ``lock``, and the file and line of that."""
    stacks: list[tuple[str, Sequence[FrameView]]] = [(MAIN, own)] if waiter is not lives.main else []
    for life in lives.living():
        if life.greenlet is not waiter:
            stacks.append((life.path, view_stack(getattr(life.greenlet, "gr_frame", None), 16)))
    for path, frames in stacks:
        if any(_lets_go(view, lock) for view in frames):
            continue
        for view in frames:
            if is_user_file(view.code.co_filename) and (line := _with_around(view, lock)):
                return path, (view.code.co_filename, line)
    return "", ("", 0)


def _waits_without(path: str, lock: object, lives: Lives) -> bool:
    """Say whether the greenlet ``path`` waits for a condition of ``lock``: it may be anybody's meanwhile."""
    parked = [parked_view(life.greenlet) for life in lives.living() if life.path == path]
    return any(view is not None and _lets_go(view, lock) for view in parked)


def _lets_go(view: FrameView, lock: object) -> bool:
    """Say whether ``view`` waits for a condition, which has released its ``lock`` meanwhile."""
    callee = callee_of(view)
    if callee is None or callee.owner is MISSING or not issubclass(type(callee.owner), threading.Condition):
        return False
    return callee.kind == "call" and static_attribute(callee.owner, "_lock") is lock


def _with_around(frame: FrameView, lock: object) -> int:
    """Return the line of the ``with`` statement of ``lock`` that ``frame`` stands in, 0 where there is none."""
    tree = syntax_of(frame.code.co_filename)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.With) and node.body[0].lineno <= frame.line <= (node.end_lineno or 0):
            for item in node.items:
                if Names(frame).resolve(item.context_expr) is lock:
                    return item.context_expr.lineno
    return 0


def where_raised(trace: types.TracebackType | None, relative: Callable[[str], str]) -> list[Location]:
    """Return where the test's own greenlet waited, from the traceback of what was raised in it."""
    places = []
    for here in list(_frames(trace))[-1:]:
        callee = callee_of(here)
        what = callee.shown if callee is not None else f"{here.code.co_name}()"
        places = [Location(relative(here.code.co_filename), here.line, MAIN, "waits", what)]
    return places


def deadlock(
    rows: Sequence[Blocked], died: Sequence[Died], repeat: int, level: str, relative: Callable[[str], str]
) -> Finding:
    """Return CH104: who waits for what."""
    numbers = numbers_of((), rows)
    failure = stuck(rows, died, (), numbers)
    message = f"every greenlet waits and nothing can wake one ({len(rows)} of them)"
    lines = [f"{message}:"]
    waits = []
    for row in rows:
        number = numbers.get(row.lock, 0) if row.lock is not None else 0
        what = f"{row.operation}: {the_lock(row.lock_name, number)}" if number else row.operation
        held = f", held by greenlet {row.holder}" if row.holder else ""
        lines.append(f"  greenlet {row.worker} waits at {relative(row.path)}:{row.line} in {what}{held}")
        waits.append(Wait(
            row.worker, relative(row.path), row.line, the_lock(row.lock_name, number) if row.holder else row.operation,
            row.holder, relative(row.holder_path) if row.holder_path else "", row.holder_line,
        ))  # fmt: skip
    kept = [row for row in rows if row.holder_ended]
    more = kept_locks(kept, died) if kept else f"Before that, {deaths_told(died)}." if failure.died else ""
    if more:
        message = f"{message}. {worded(more)}"
        lines.append(worded(more))
    cause, fix = worded(failure.cause), worded(failure.fix)
    lines.append(worded(help_text("CH104", fix, cause)))
    places = tuple(Location(relative(row.path), row.line, row.worker, "waits", row.operation) for row in rows)
    return Finding(
        "CH104", message, "\n".join(lines), level, repeat, locations=places, waits=tuple(waits), cause=cause, fix=fix
    )
