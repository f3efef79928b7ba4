"""Asks every detector about one record."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..model import Finding
from .record import Record

if TYPE_CHECKING:
    from .watch import Watch


@dataclass(frozen=True, slots=True)
class Context:
    """What a detector may know beside the record: ``error`` is what the body raised, ``hung`` that it was stopped."""

    rootdir: str
    worker: str
    error: BaseException | None
    hung: bool
    body: Callable[..., Any] | types.CodeType | None = None

    def raised(self, error: BaseException | None) -> bool:
        """Return whether ``error`` is what the body raised, or what that came from."""
        return error is not None and any(known is error for known in chain(self.error))


def chain(error: BaseException | None) -> list[BaseException]:
    """Return ``error`` with all that it came from: causes, contexts, and the parts of groups."""
    waiting = [error]
    seen: list[BaseException] = []
    while waiting:
        current = waiting.pop()
        if current is None or any(current is known for known in seen):
            continue
        seen.append(current)
        waiting += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions
    return seen


Detector = Callable[[Record, Context], list[Finding]]


def judge(watch: Watch, error: BaseException | None) -> tuple[Finding, ...]:
    """Return what all detectors find, in the order of their codes; one hazard explains what follows from it."""
    if watch.record == Record() and error is None:
        return ()
    from . import (  # each of them needs this module
        child_died,
        copies,
        error_not_fetched,
        fork_hazard,
        hang,
        join_before_close,
        memory_left,
        not_picklable,
        orphan,
        queue_not_drained,
        state_not_shared,
        target_called,
    )

    context = Context(watch.plan.rootdir, watch.worker, error, watch.hung, watch.body)
    detectors: tuple[Detector, ...] = (
        child_died.find,
        state_not_shared.find,
        copies.find,
        target_called.find,
        error_not_fetched.find,
        not_picklable.find,
        fork_hazard.find,
        join_before_close.find,
        queue_not_drained.find,
        orphan.find,
        hang.find,
        memory_left.find,
    )
    findings: list[Finding] = list(watch.record.lost)
    for find in detectors:
        findings += find(watch.record, context)
    return tuple(findings)


def explain(*rows: str, code: str, cause: str = "", fix: str = "") -> str:
    """Return rows of evidence followed by cause and fix: those of the hazard ``code``, where none are given."""
    from ..hazards import CATALOGUE

    hazard = CATALOGUE[code]
    return "\n".join([*rows, f"Cause: {cause or hazard.cause}", f"Fix: {fix or hazard.fix}"])
