"""From the outcome of one run to the failures it demonstrates (CH101, CH104, CH106 to CH110)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..files import short
from ..hazards import RAISED, WAITING
from ..source import PACKAGE
from ..trace.errors import in_a_line
from ..trace.locks import Numbers, numbers_of, waiting_for
from ..trace.outcome import Blocked, Died, LostUpdate, Outcome, Row
from ..trace.workers import TEST, in_a_sentence
from .called import called
from .reasons import CHANGED_AGAIN, NOT_AWAITED, changed_again, not_awaited

RAISED_AT = "_concurrency_raised_at"
"""Attribute of an error that came from another process: path and line where it was raised there."""

_FUTURE = (
    "A worker waits for a future that nobody is left to complete: its task waits for a free thread, or was handed in "
    "when nobody took tasks any more.",
    "Do not wait in a task for tasks of the same executor, or give those one of their own; complete or cancel what is "
    "left when an executor is shut down.",
)
_NOTIFY = (
    "A worker waits for a notification that nobody is left to send.",
    "Notify the condition, under its lock, wherever what is waited for changes.",
)
_GET = (
    "A worker waits for an item of a queue that nobody is left to put.",
    "Put an item for each that is taken, and a sentinel for each consumer in every case; register who waits for an "
    "answer before it can come.",
)
_WAITS = {
    "Queue.get": _GET,
    "SimpleQueue.get": _GET,
    "Queue.put": (
        "A worker waits for room in a queue that nobody is left to take from.",
        "Keep a consumer until all is put, or do not put where the consumer itself waits.",
    ),
    "Queue.join": (
        "A worker waits until a queue's items are done, and nobody is left to say so.",
        "Call task_done() once for each item, in a finally clause, and keep a consumer until the queue is empty.",
    ),
    "Semaphore.acquire": (
        "A worker waits for a semaphore that nobody is left to release.",
        "Release it once for each acquire, in a finally clause, and do not acquire it again where it is held already.",
    ),
    "AsyncResult.get": (
        "A worker waits for a result that nobody is left to set.",
        "Set the result, or an exception, in every case, also where something fails before.",
    ),
    "Pool.spawn": (
        "A worker waits for room in a pool, and nobody in the pool is left to end.",
        "Do not spawn into a pool from what it runs, or give that a pool of its own.",
    ),
    "ApplyResult.get": _FUTURE,
    "ApplyResult.wait": _FUTURE,
    "Future.result": _FUTURE,
    "Future.exception": _FUTURE,
    "Condition.wait": _NOTIFY,
    "Condition.wait_for": _NOTIFY,
    "Event.wait": (
        "A worker waits for an event that nobody is left to set.",
        "Set the event in every case, also where something fails before.",
    ),
    "Barrier.wait": (
        "Fewer workers come to a barrier than it has parties.",
        "Give the barrier as many parties as come each time, or abort it where one of them does not come.",
    ),
}
"""Cause and fix of a deadlock by what all wait in."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One demonstrated defect of one run.

    ``place`` identifies it from run to run (sites or source lines); ``data`` is the evidence: a LostUpdate, the
    blocked workers, or an exception. ``cause`` and ``fix``, where they are known better than for its kind, and
    ``died`` the workers whose death it comes from.
    """

    code: str
    place: tuple[Any, ...]
    message: str
    data: Any = None
    cause: str = ""
    fix: str = ""
    died: tuple[Died, ...] = ()


def failures_of(outcome: Outcome) -> tuple[Failure, ...]:
    """Return what ``outcome`` demonstrates, causes before consequences."""
    found: list[Failure] = []
    seen: set[tuple[str, str]] = set()
    for lost in outcome.lost:
        if lost.place not in seen:
            seen.add(lost.place)
            found.append(Failure("CH101", lost.place, _lost_message(lost), lost))
    if outcome.stuck:
        found.append(stuck(outcome.stuck, outcome.died, outcome.rows))
    if outcome.livelock:
        found.append(Failure("CH107", ("livelock",), f"The workers make no headway: {outcome.livelock}."))
    for worker, error in outcome.unseen:
        place = (type(error).__name__, raised_at(error))
        message = f"Worker {worker} died of {in_a_line(error)} and nobody saw it."
        found.append(Failure("CH108", place, message, error))
    if outcome.leaked:
        rows = outcome.leaked
        names = ", ".join(f"worker {row.worker}" for row in rows)
        where = "; ".join(f"{short(row.path, (each.path for each in rows))}:{row.line}" for row in rows if row.line)
        found.append(
            Failure("CH109", tuple((r.path, r.line) for r in rows), f"Still running at the end of the test: {names}"
                    f"{' (' + where + ')' if where else ''}.", rows)
        )  # fmt: skip
    if outcome.error is not None:
        error = outcome.error
        reason = NOT_AWAITED if not outcome.failing and not_awaited(outcome.rows) else ("", "")
        place = (type(error).__name__, raised_at(error))
        found.append(Failure("CH110", place, f"Under this schedule: {in_a_line(error)}.", error, *reason))
    return tuple(found)


def same_bug(wanted: Failure, failure: Failure) -> bool:
    """Say whether ``failure`` is ``wanted`` again, or a part of it: fewer of the same workers stuck or left behind, or
    one of several equal errors alone. A shorter schedule often shows no more than that."""
    if failure.code != wanted.code:
        return False
    if failure.place == wanted.place:
        return True
    if wanted.code in WAITING:
        return bool(failure.place) and set(failure.place) <= set(wanted.place)
    if wanted.code in RAISED and isinstance(wanted.data, BaseExceptionGroup):
        members = {(type(error).__name__, raised_at(error)) for error in wanted.data.exceptions}
        return failure.place in members
    return False


def _lost_message(lost: LostUpdate) -> str:
    return (
        f"worker {lost.worker} read {called(lost.write)} = {lost.read.value or 'nothing'}, worker {lost.other} wrote "
        f"{lost.overwritten.value}, then worker {lost.worker} wrote {lost.write.value}: "
        f"the update of worker {lost.other} is lost"
    )


def stuck(
    rows: Sequence[Blocked], died: Sequence[Died], recorded: Sequence[Row] = (), numbers: Numbers | None = None
) -> Failure:
    """Return the failure of a run in which ``rows`` wait for ever and ``died`` have died, as ``recorded``, its locks
    told apart by ``numbers`` (None: where those that are waited for are alike)."""
    rows = [row for row in rows if not row.idle_in_pool] or rows  # nobody waits for a thread that has nothing to do
    numbers = numbers_of((), rows) if numbers is None else numbers
    rows = [waiting_for(row, numbers) for row in rows]
    places = tuple(sorted((row.path, row.line) for row in rows if row.line))
    notified = [row for row in rows if row.signalled_before and row.operation in ("Condition.wait", "Event.wait")]
    named = len(rows) == 1 or any(row.holder == TEST for row in rows)  # in any other case the test just waits
    told = "; ".join(_blocked_sentence(row, rows) for row in rows if row.worker != TEST or named or row.holder
                     or row.lock is not None)  # fmt: skip
    kept = [row for row in rows if row.holder_ended]
    if kept:
        return Failure(
            "CH104", places, f"No worker can ever go on: {told}. {kept_locks(kept, died)}", tuple(rows),
            "A worker ended while it held a lock that others wait for.",
            "Release a lock whatever happens: hold it in a with statement, or release it in a finally clause.",
            tuple(each for each in died if any(each.worker == row.holder for row in kept)),
        )  # fmt: skip
    before = f" Before that, {deaths_told(died)}." if died and any(_waits_for_help(row) for row in rows) else ""
    if notified and not any(row.holder for row in rows):
        reason = CHANGED_AGAIN if changed_again(recorded, rows) else ("", "")
        return Failure("CH106", places, f"A notification was lost: {told}.{before}", tuple(rows), *reason)
    if before:
        return Failure(
            "CH104", places, f"No worker can ever go on: {told}.{before}", tuple(rows),
            "Workers wait for what nobody is left to bring: one that died of an exception may have been about to.",
            "Mend the exception, and let nobody wait in vain where there is one: set the event, put the last item or "
            "abort the barrier in a finally clause.",
            tuple(died),
        )  # fmt: skip
    cause, fix = _cause_of_wait(rows)
    if cause and changed_again(recorded, rows):
        cause, fix = CHANGED_AGAIN
    return Failure("CH104", places, f"No worker can ever go on: {told}.", tuple(rows), cause, fix)


def _cause_of_wait(rows: Sequence[Blocked]) -> tuple[str, str]:
    """Return cause and fix where all that is waited for is of one kind, and nobody is left to bring it."""
    waits = {_kind(row) for row in rows if _kind(row) != "Thread.join" and not row.waits_for.startswith("the end")}
    if "Queue.join" in waits:
        waits -= {"Queue.get", "SimpleQueue.get"}  # a consumer that has nothing to do
    if len(waits) != 1 or any(row.holder for row in rows):
        return "", ""
    return _WAITS.get(waits.pop(), ("", ""))


def _waits_for_help(row: Blocked) -> bool:
    """Say whether ``row`` waits for something that another worker has to bring, and not for its end or a lock."""
    return not (row.holder or _kind(row) == "Thread.join" or row.waits_for.startswith("the end of"))


def _kind(row: Blocked) -> str:
    return row.kind or row.operation


def kept_locks(rows: Sequence[Blocked], died: Sequence[Died]) -> str:
    """Say which workers kept a lock when they ended, and what they died of."""
    ends = {each.worker: each for each in died if not each.task}
    told = []
    for row in {row.holder: row for row in rows}.values():
        since = f", which it took at {short(row.holder_path)}:{row.holder_line}," if row.holder_line else ""
        end = ends.get(row.holder)
        how = f"died of {in_a_line(end.error)}{_raised(end)} and kept" if end is not None else "has ended and kept"
        told.append(f"{in_a_sentence(row.holder)} {how} {row.waits_for}{since}".rstrip(","))
    text = "; ".join(told)
    return f"{text[0].upper()}{text[1:]}."


def deaths_told(died: Sequence[Died]) -> str:
    """Say which workers died, and of what."""
    return "; ".join(map(_death, died))


def _death(died: Died) -> str:
    who = f"{'a task of ' if died.task else ''}{in_a_sentence(died.worker)}"
    return f"{who} died of {in_a_line(died.error)}{_raised(died)}"


def _raised(died: Died) -> str:
    path, line = died.at if died.at[1] else raised_at(died.error)
    return f" at {short(path)}:{line}" if line else ""


def _blocked_sentence(row: Blocked, rows: Sequence[Blocked]) -> str:
    what = row.operation if row.operation not in ("", "Thread.join") and not row.holder else row.waits_for
    held = f" held by {in_a_sentence(row.holder)}" if row.holder else ""
    if row.holder == row.worker:
        held = " that it holds itself"
    where = f" at {short(row.path, (each.path for each in rows))}:{row.line}" if row.line else ""
    return f"{in_a_sentence(row.worker)} waits{where} for {what}{held}"


def raised_at(error: BaseException) -> tuple[str, int]:
    """Return path and line where ``error`` was raised, ("", 0) if not known; an error of another process carries it."""
    known: tuple[str, int] | None = getattr(error, RAISED_AT, None)
    if known is not None:
        return known
    if isinstance(error, BaseExceptionGroup):
        return raised_at(error.exceptions[0])
    last = error.__traceback__
    where = ("", 0)
    while last is not None:
        filename = last.tb_frame.f_code.co_filename
        compiled = not (os.path.isabs(filename) or filename.startswith("<"))  # a source that is not there
        if not filename.startswith(PACKAGE) and not (compiled and where[1]):
            where = (filename, last.tb_lineno)
        last = last.tb_next
    return where
