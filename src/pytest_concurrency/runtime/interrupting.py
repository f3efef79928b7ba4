"""Ending from outside what does not come to a scheduling point by itself: code that computes for ever, or a call.

An exception is raised in the thread, again and again where the code there swallows it. The main thread is sent a signal
instead, which ends most calls into C, too. In any other thread a call into C cannot be ended: the exception waits for
its return. Where a call does not even let another thread run (it keeps the interpreter's lock), nothing in Python can
say a word: :class:`LastResort` has C code write where every thread is, and end the process.
"""

from __future__ import annotations

import faulthandler
import signal
import sys
import threading
from _thread import get_ident
from collections.abc import Callable
from types import CodeType
from typing import TYPE_CHECKING, Any

from ..monitoring import free_tool
from ..realtime import RealTime
from ..source import PACKAGE
from ..state import STATE
from .worker import Abandon, Worker

if TYPE_CHECKING:
    from .execution import Execution

PATIENCE_SECONDS = 0.3
"""Real seconds that a worker of a run which is given up has to come to a scheduling point by itself."""
AGAIN_SECONDS = 0.1
"""Real seconds from one attempt to the next."""
POLITE = 10
"""Attempts of that kind; then come many at once."""
INSIST_SECONDS = 1.0
LEAST_SECONDS = 10.0
"""Seconds of processor time that the interpreter may stand still, at the least, before the process is ended."""
STILL_FACTOR = 3
"""The same as a multiple of the time that a schedule may take."""
REARM_SECONDS = 0.5
MAIN_SIGNAL: int = int(getattr(signal, "SIGRTMAX", 0)) - 4 if hasattr(signal, "SIGRTMAX") else 0


class Ended(SystemExit):
    """Raised in a thread of the code under test that nobody needs any more: :mod:`threading` is silent about it."""


def raise_in(ident: int, error: type[BaseException] | None) -> None:
    """Raise ``error`` in the thread ``ident`` when it next runs Python code; None takes back what is still to come."""
    try:
        import ctypes

        raising: Any = ctypes.pythonapi.PyThreadState_SetAsyncExc
    except (ImportError, AttributeError):  # not CPython, or without ctypes
        return
    raising(ctypes.c_ulong(ident), ctypes.py_object(error) if error is not None else None)


def interrupt(worker: Worker) -> None:
    """Raise :class:`Abandon` in ``worker`` while it is in its body, and not in what starts and ends its thread; called
    from another thread."""
    worker.interrupting = True
    try:
        if worker.inside and not _is_starting_or_ending(worker.ident):
            worker.interrupted = worker.abandoned = True
            raise_in(worker.ident, Abandon)
    finally:
        worker.interrupting = False


def _is_starting_or_ending(ident: int) -> bool:
    frame = sys._current_frames().get(ident)
    return frame is None or frame.f_code.co_filename == threading.__file__


def contained(worker: Worker, body: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    """Run ``body`` on the thread of ``worker``, where :class:`Abandon` may be raised in it from outside, and nowhere
    else; return its result and what it raised, (None, None) where it was abandoned."""
    result, error = None, None
    try:
        try:
            worker.inside = True
            result = body()
        except Abandon:
            pass
        except BaseException as caught:
            error = caught
        _leave(worker)
    except Abandon:
        _leave(worker)
    return result, error


def _leave(worker: Worker) -> None:
    while True:
        try:
            worker.inside = False
            while worker.interrupting:
                RealTime.sleep(0.001)
            if worker.interrupted:
                raise_in(worker.ident, None)
            return
        except Abandon:
            pass


class Interrupter:
    """Ends the worker that keeps the baton of a run which is given up."""

    def __init__(self) -> None:
        self._held: tuple[object, ...] = ()
        self._next = 0.0
        self._attempts = 0

    def look(self, run: Execution, signals: MainSignal) -> None:
        """See whether the worker with the baton still keeps it; called by the watchdog."""
        worker = run.current
        held = (id(run), worker)
        now = RealTime.monotonic()
        if worker is None or held != self._held:
            self._held, self._next, self._attempts = held, now + PATIENCE_SECONDS, 0
            return
        if now < self._next or not worker.inside or worker.wait is not None:
            return
        self._next = now + AGAIN_SECONDS
        self._attempts += 1
        if worker is run.main and signals.send():
            return
        if self._attempts == POLITE:
            insist(worker)
        elif self._attempts < POLITE:
            interrupt(worker)


def insist(worker: Worker) -> None:
    """Do more than :func:`interrupt` for a worker that swallows what is raised in it."""
    worker.interrupted = worker.abandoned = True
    _insist(worker.ident, Abandon, lambda: worker.inside)


def _insist(ident: int, error: type[BaseException], goes_on: Callable[[], bool]) -> None:
    """Raise ``error`` at every line that the thread ``ident`` comes to, for a while: also in the ``except`` clause that
    swallows it. Needs :mod:`sys.monitoring` (3.12 and later)."""
    monitoring: Any = getattr(sys, "monitoring", None)
    tool = free_tool()
    frame: Any = sys._current_frames().get(ident)
    if tool is None or frame is None:
        return

    def line(code: CodeType, number: int) -> None:
        if get_ident() == ident and goes_on():
            raise error

    codes = set()
    while frame is not None:
        if not frame.f_code.co_filename.startswith((PACKAGE, threading.__file__)):
            codes.add(frame.f_code)
        frame = frame.f_back
    monitoring.use_tool_id(tool, "pytest-concurrency")
    monitoring.register_callback(tool, monitoring.events.LINE, line)
    try:
        for code in codes:
            monitoring.set_local_events(tool, code, monitoring.events.LINE)
        end = RealTime.monotonic() + INSIST_SECONDS
        while goes_on() and RealTime.monotonic() < end:
            RealTime.sleep(AGAIN_SECONDS / 10)
    finally:
        for code in codes:
            monitoring.set_local_events(tool, code, 0)
        monitoring.register_callback(tool, monitoring.events.LINE, None)
        monitoring.free_tool_id(tool)


def end_threads(threads: set[threading.Thread], seconds: float) -> list[threading.Thread]:
    """End ``threads`` of the code under test as far as Python lets them be ended; return those that go on."""
    for thread in threads:
        raise_in(thread.ident or 0, Ended)
    end = RealTime.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, end - RealTime.monotonic()))
    for thread in threads:
        if thread.is_alive():
            _insist(thread.ident or 0, Ended, thread.is_alive)
    return [thread for thread in threads if thread.is_alive()]


class MainSignal:
    """A signal that raises :class:`Abandon` in the main thread while the body of a run that is given up is there.

    It is a real-time signal, which nothing else in Python uses; where there are none, nothing is done.
    """

    def __init__(self) -> None:
        self._taken = False

    def begin(self) -> None:
        """Take the signal for the time of one stressed test; only the main thread can."""
        if MAIN_SIGNAL and threading.current_thread() is threading.main_thread():
            self._taken = signal.getsignal(MAIN_SIGNAL) is signal.SIG_DFL
        if self._taken:
            signal.signal(MAIN_SIGNAL, _raise_in_body)

    def end(self) -> None:
        """Give it back."""
        if self._taken:
            signal.signal(MAIN_SIGNAL, signal.SIG_DFL)
            self._taken = False

    def send(self) -> bool:
        """Send it; return False where it was not taken."""
        if self._taken:
            signal.pthread_kill(threading.main_thread().ident or 0, MAIN_SIGNAL)
        return self._taken


def _raise_in_body(*_: object) -> None:
    run = STATE.run
    if run is not None and run.aborting and run.main.inside:
        raise Abandon


class LastResort:
    """Ends the process where no Python code can run any more: what a call into C does with the interpreter's lock.

    The watchdog sets a timer again and again. Its time is that of the processor: a process that is stopped for a while
    is not meant. Where somebody else uses that timer, nothing is done.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._set = False
        self._set_at = 0.0
        self._seconds = LEAST_SECONDS

    def begin(self) -> None:
        """Have the stacks of all threads written to the stream (None: nothing is done) when the timer ends."""
        if self._stream is None or not hasattr(signal, "setitimer") or not hasattr(faulthandler, "register"):
            return
        if signal.getsignal(signal.SIGPROF) is signal.SIG_DFL and not any(signal.getitimer(signal.ITIMER_PROF)):
            faulthandler.register(signal.SIGPROF, file=self._stream, all_threads=True, chain=True)
            self._set = True
            self.rearm()

    def rearm(self, timeout: float = 0.0) -> None:
        """Set the timer again, in a run that may take ``timeout`` seconds."""
        now = RealTime.monotonic()
        if self._set and now - self._set_at > REARM_SECONDS:
            self._set_at = now
            self._seconds = max(self._seconds, STILL_FACTOR * timeout)
            signal.setitimer(signal.ITIMER_PROF, self._seconds)

    def end(self) -> None:
        """Take the timer away."""
        if self._set:
            signal.setitimer(signal.ITIMER_PROF, 0)
            faulthandler.unregister(signal.SIGPROF)
            self._set = False
