"""Exceptions that end a run of a test: which of them judge the test, and what a traceback shows of this package."""

from __future__ import annotations

import signal
import types
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from _pytest.outcomes import Exit, OutcomeException

from ..detect.failures import raised_at
from ..source import PACKAGE


def is_no_verdict(error: BaseException) -> bool:
    """Say whether ``error`` means "do not judge this run": a skip, an xfail, a rejected Hypothesis example."""
    if isinstance(error, (pytest.skip.Exception, pytest.xfail.Exception)):
        return True
    return any(kind.__module__ == "hypothesis.errors" and kind.__name__ in ("UnsatisfiedAssumption", "StopTest")
               for kind in type(error).__mro__)  # fmt: skip


def first_error(errors: Sequence[BaseException | None]) -> BaseException | None:
    """Return the error that stands for all: one that fails the test before one that skips it."""
    raised = [error for error in errors if error is not None]
    return next((error for error in raised if not is_no_verdict(error)), raised[0] if raised else None)


def is_for_the_session(error: BaseException) -> bool:
    """Say whether ``error`` is no verdict on a run, but wants all to end: ``pytest.exit()``, Ctrl-C, an alarm."""
    return isinstance(error, Exit) or from_signal_handler(error)


def from_signal_handler(error: BaseException) -> bool:
    """Say whether ``error`` was raised by the handler of a signal, such as the alarm of pytest-timeout."""
    if not isinstance(error, OutcomeException | KeyboardInterrupt):
        return False
    handlers = set()
    for number in signal.valid_signals():
        handler = signal.getsignal(number)
        if isinstance(handler, types.FunctionType):
            handlers.add(handler.__code__)
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code in handlers:
            return True
        step = step.tb_next
    return isinstance(error, KeyboardInterrupt)


def one_for_all(error: BaseExceptionGroup[Any]) -> BaseException:
    """Return the first of a group of errors that are equal, raised at one place, and note how many there are; any other
    group as it is."""
    first, *others = error.exceptions
    if any((type(e), str(e), raised_at(e)) != (type(first), str(first), raised_at(first)) for e in others):
        return error
    if others:
        first.add_note(f"the first of {len(error.exceptions)} equal errors")
    return first


def without_our_frames(error: BaseException) -> BaseException:
    """Return ``error`` with the frames of this package taken out of its traceback."""
    return without_frames(error, lambda filename: filename.startswith(PACKAGE))


def without_frames(error: BaseException, is_ours: Callable[[str], bool]) -> BaseException:
    """Return ``error`` without the frames of code in files that are ours; those of what it groups lose theirs, too."""
    kept = []
    step = error.__traceback__
    while step is not None:
        if not is_ours(step.tb_frame.f_code.co_filename):
            kept.append(step)
        step = step.tb_next
    chain = None
    for entry in reversed(kept):
        chain = types.TracebackType(chain, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            without_frames(member, is_ours)
    return error.with_traceback(chain)
