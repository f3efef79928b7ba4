"""The free-running phase: the same workers on real threads, nothing instrumented, at each switch interval.

It shows what only real parallelism shows: C code, free-threaded builds, code out of scope. It comes after the
controlled phase found nothing, so that a known deadlock is never run for real, and it is left out where the test
sleeps: real sleeps cost real time.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from ...detect.failures import failures_of
from ...explore.model import Found
from ...project import is_installed, is_standard
from ...realtime import RealTime
from ...runtime.interrupting import end_threads
from ...source import PACKAGE
from ...trace.outcome import Outcome

MAX_VIRTUAL_SECONDS = 0.05
"""Virtual seconds that a run may have slept for the phase to be worth its real time."""
FREE_SHARE = 1.2
"""The phase may begin another run until this multiple of ``max_seconds`` has passed."""


HOST_SECONDS = 0.5
"""Real seconds that the body has to note that workers of its own do not end."""
ENDING_SECONDS = 1.0
"""Real seconds in which threads are ended that do not end in time."""


class Hung(Exception):
    """Workers of a free run did not end in time."""


@dataclass(frozen=True, slots=True)
class FreeRun:
    """How one free run ended: at which switch interval (seconds), with which error, or with a worker unseen dead."""

    interval: float
    error: BaseException | None = None
    unseen: BaseException | None = None


@contextmanager
def switch_interval(seconds: float) -> Iterator[None]:
    """Set the interpreter's switch interval for the length of the block."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(seconds)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def run_together(bodies: Sequence[Callable[[], Any]], timeout: float) -> list[tuple[Any, BaseException | None]]:
    """Run each body on a thread of its own, all let go at once; return (result, error) of each in order.

    Raise :class:`Hung` where one has not ended after ``timeout`` seconds; its thread is a daemon and is left behind.
    """
    outcomes: list[tuple[Any, BaseException | None]] = [(None, None)] * len(bodies)
    start = threading.Barrier(len(bodies))

    def work(index: int, body: Callable[[], Any]) -> None:
        try:
            start.wait(timeout)
            outcomes[index] = (body(), None)
        except BaseException as error:
            outcomes[index] = (None, error)

    threads = [
        threading.Thread(target=work, args=(index, body), name=f"free-{index}", daemon=True)
        for index, body in enumerate(bodies)
    ]
    for thread in threads:
        thread.start()
    end = RealTime.monotonic() + timeout
    for thread in threads:
        thread.join(max(0.0, end - RealTime.monotonic()))
    if any(thread.is_alive() for thread in threads):
        raise Hung(f"the run did not end within {timeout:g} s")
    return outcomes


def free_run(interval: float, body: Callable[[], None], timeout: float) -> FreeRun:
    """Run ``body`` (which starts its workers itself) on a thread, so that a hang cannot take the session with it."""
    unseen: list[BaseException] = []
    hook = threading.excepthook

    def note(args: Any, /) -> None:
        if args.exc_value is not None and args.exc_type is not SystemExit:
            unseen.append(args.exc_value)

    before = set(threading.enumerate())
    threading.excepthook = note
    try:
        with switch_interval(interval):
            try:
                ((_, error),) = run_together([body], timeout + HOST_SECONDS)
            except Hung as hung:
                error = hung
        if isinstance(error, Hung):
            told = _ended(set(threading.enumerate()) - before)
            error = Hung(f"the run did not end within {timeout:g} s: {told}")
    finally:
        threading.excepthook = hook
    return FreeRun(interval, error, unseen[0] if unseen else None)


def _ended(threads: set[threading.Thread]) -> str:
    """End ``threads``; say in which lines of the code under test they were, and how many went on."""
    frames: dict[int, Any] = sys._current_frames()
    places = [place for thread in threads if (place := _place(frames.get(thread.ident or 0)))]
    frames.clear()
    counted = Counter(places)
    told = ", ".join(f"{count} thread{'s' if count > 1 else ''} at {place}" for place, count in sorted(counted.items()))
    left = len(end_threads(threads, ENDING_SECONDS))
    told = told or "its threads are in code that is not under test"
    return f"{told} ({left} could not be ended)" if left else told


def _place(frame: Any) -> str:
    """Return the innermost line that is neither of the library nor ours."""
    while frame is not None:
        path = frame.f_code.co_filename
        if not (path.startswith((PACKAGE, "<")) or is_standard(path) or is_installed(path)):
            return f"{os.path.basename(path)}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


def found_freely(result: FreeRun, schedules: int) -> Found:
    """Return what a failed free run demonstrates; ``schedules`` is the number of controlled ones before it."""
    outcome = Outcome(schedules, 0, (), 0)
    if result.error is not None:
        outcome = replace(outcome, error=result.error)
        (failure,) = failures_of(outcome)
    elif result.unseen is not None:
        (failure,) = failures_of(replace(outcome, unseen=(("?", result.unseen),)))
    else:
        raise ValueError("the run did not fail")
    where = f"Seen on real threads at a switch interval of {result.interval:g} s, nothing instrumented."
    return Found(replace(failure, message=f"{failure.message} {where}"), schedules, (), outcome, free=True)
