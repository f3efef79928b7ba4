"""From the outcome of one run to the failures it demonstrates (CH101, CH104, CH106 to CH110)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..files import short
from ..source import PACKAGE
from ..trace.outcome import Blocked, LostUpdate, Outcome

RAISED_AT = "_concurrency_raised_at"
"""Attribute of an error that came from another process: path and line where it was raised there."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One demonstrated defect of one run.

    ``place`` identifies it from run to run (sites or source lines); ``data`` is the evidence: a LostUpdate, the
    blocked workers, or an exception.
    """

    code: str
    place: tuple[Any, ...]
    message: str
    data: Any = None


def failures_of(outcome: Outcome) -> tuple[Failure, ...]:
    """Return what ``outcome`` demonstrates, causes before consequences."""
    found: list[Failure] = []
    seen: set[tuple[str, str]] = set()
    for lost in outcome.lost:
        if lost.place not in seen:
            seen.add(lost.place)
            found.append(Failure("CH101", lost.place, _lost_message(lost), lost))
    if outcome.stuck:
        found.append(_stuck(outcome.stuck))
    if outcome.livelock:
        found.append(Failure("CH107", ("livelock",), f"The workers make no headway: {outcome.livelock}."))
    for worker, error in outcome.unseen:
        place = (type(error).__name__, raised_at(error))
        message = f"Worker {worker} died of {_named(error)} and nobody saw it."
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
        found.append(
            Failure("CH110", (type(error).__name__, raised_at(error)), f"Under this schedule: {_named(error)}.", error)
        )
    return tuple(found)


def same_bug(wanted: Failure, failure: Failure) -> bool:
    """Say whether ``failure`` is ``wanted`` again, or a part of it: fewer of the same workers stuck or left behind, or
    one of several equal errors alone. A shorter schedule often shows no more than that."""
    if failure.code != wanted.code:
        return False
    if failure.place == wanted.place:
        return True
    if wanted.code in ("CH104", "CH106", "CH109"):
        return bool(failure.place) and set(failure.place) <= set(wanted.place)
    if wanted.code in ("CH108", "CH110") and isinstance(wanted.data, BaseExceptionGroup):
        members = {(type(error).__name__, raised_at(error)) for error in wanted.data.exceptions}
        return failure.place in members
    return False


def _lost_message(lost: LostUpdate) -> str:
    return (
        f"worker {lost.worker} read {lost.target} = {lost.read.value or 'nothing'}, worker {lost.other} wrote "
        f"{lost.overwritten.value}, then worker {lost.worker} wrote {lost.write.value}: "
        f"the update of worker {lost.other} is lost"
    )


def _stuck(rows: Sequence[Blocked]) -> Failure:
    rows = [row for row in rows if not row.idle_in_pool] or rows  # nobody waits for a thread that has nothing to do
    places = tuple(sorted((row.path, row.line) for row in rows if row.line))
    notified = [row for row in rows if row.signalled_before and row.operation in ("Condition.wait", "Event.wait")]
    named = len(rows) == 1 or any(row.holder == "main" for row in rows)  # in any other case the test just waits
    told = "; ".join(_blocked_sentence(row, rows) for row in rows if row.worker != "main" or named or row.holder
                     or row.waits_for.startswith("the lock"))  # fmt: skip
    if notified and not any(row.holder for row in rows):
        return Failure("CH106", places, f"A notification was lost: {told}.", tuple(rows))
    return Failure("CH104", places, f"No worker can ever go on: {told}.", tuple(rows))


def _blocked_sentence(row: Blocked, rows: Sequence[Blocked]) -> str:
    what = row.operation if row.operation not in ("", "Thread.join") and not row.holder else row.waits_for
    held = f" held by {_called(row.holder)}" if row.holder else ""
    if row.holder == row.worker:
        held = " that it holds itself"
    where = f" at {short(row.path, (each.path for each in rows))}:{row.line}" if row.line else ""
    return f"{_called(row.worker)} waits{where} for {what}{held}"


def _called(worker: str) -> str:
    return "the test" if worker == "main" else f"worker {worker}"


def _named(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


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
        if not filename.startswith(PACKAGE):
            where = (filename, last.tb_lineno)
        last = last.tb_next
    return where
