"""Runs bodies in fresh threads, all let go at one moment, and reads each thread's clocks. Every wait is bounded."""

from __future__ import annotations

import _thread
import ctypes
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..realtime import RealTime
from .clocks import Stamp, idle_processors, idle_seconds, stamp, stamp_end, usage
from .model import Round, Usage

Body = Callable[[], object]
_GRACE = 1.0


class _Abandoned(SystemExit):
    """Ends a worker that ran past its time; threading swallows SystemExit silently."""


@dataclass(slots=True)
class _Worker:
    body: Body
    repeats: int
    gate: _thread.LockType = field(default_factory=_thread.allocate_lock)
    done: _thread.LockType = field(default_factory=_thread.allocate_lock)
    finished: bool = False
    thread: threading.Thread | None = None
    ready: Stamp | None = None
    begun: Stamp | None = None
    ended: Stamp | None = None
    released: int = 0
    inside: bool = False
    error: BaseException | None = None

    def main(self) -> None:
        try:
            self._work()
        finally:
            self.inside = False
            self.finished = True
            self.done.release()

    def _work(self) -> None:
        try:
            self.ready = stamp()
            self.gate.acquire()
            self.begun = stamp()
            body = self.body
            self.inside = True
            for _ in range(self.repeats):
                body()
            self.inside = False
        except _Abandoned:
            return
        except BaseException as error:
            self.error = error
        self.ended = stamp_end()

    def wait(self, deadline: float) -> bool:
        """Wait for the end of the worker; not with Thread.join alone.

        Until Python 3.12 a join that Ctrl-C interrupts calls a thread stopped that is still running.
        """
        if self.thread is None:
            return True
        if self.done.acquire(timeout=max(0.0, min(deadline - RealTime.monotonic(), threading.TIMEOUT_MAX))):
            self.done.release()
        if self.finished:
            self.thread.join(_GRACE)
        return self.finished


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run of some bodies went: the round (None if it was not completed), and what went wrong.

    ``stacks`` shows where the workers were that had not ended in time; it is empty if all had.
    """

    round: Round | None
    errors: tuple[BaseException, ...] = ()
    stacks: str = ""

    @property
    def stuck(self) -> bool:
        return bool(self.stacks)


class Group:
    """Some bodies, each in a fresh thread; :meth:`start`, then :meth:`wait`, and always :meth:`close`."""

    def __init__(self, bodies: Sequence[Body], repeats: Sequence[int], scale: int = 1) -> None:
        self._scale = scale
        self._workers = [_Worker(body, count * scale) for body, count in zip(bodies, repeats, strict=True)]
        self._idle: float | None = None

    @property
    def idents(self) -> tuple[int, ...]:
        """The thread identifiers of the workers that are inside their bodies, in order."""
        return tuple(
            worker.thread.ident
            for worker in self._workers
            if worker.inside and worker.thread is not None and worker.thread.ident is not None
        )

    def start(self) -> None:
        """Start the threads, wait until each stands at its gate, then open all gates."""
        for number, worker in enumerate(self._workers):
            worker.gate.acquire()
            worker.done.acquire()
            worker.thread = threading.Thread(target=worker.main, name=f"parallelism-{number}", daemon=True)
            worker.thread.start()
        deadline = RealTime.monotonic() + _GRACE
        while any(worker.ready is None for worker in self._workers) and RealTime.monotonic() < deadline:
            RealTime.sleep(0.0002)
        self._idle = idle_seconds()
        for worker in self._workers:
            worker.released = RealTime.perf_counter_ns()
            worker.gate.release()

    def wait(self, deadline: float) -> bool:
        """Wait until every worker has ended or ``deadline`` (``time.monotonic``) is past; return whether all have."""
        return all([worker.wait(deadline) for worker in self._workers])

    def outcome(self) -> Outcome:
        """Return what the workers came to so far."""
        errors = tuple(worker.error for worker in self._workers if worker.error is not None)
        if any(worker.ended is None for worker in self._workers):
            return Outcome(None, errors, self._stacks())
        return Outcome(None if errors else self._round(), errors)

    def close(self) -> None:
        """End the workers that are still running, as far as Python lets them be ended; bounded."""
        for worker in self._workers:
            if worker.finished or worker.thread is None or worker.thread.ident is None:
                continue
            if worker.released == 0:
                worker.repeats = 0
                worker.gate.release()
            else:
                _interrupt(worker.thread.ident)
        self.wait(RealTime.monotonic() + _GRACE)

    def _round(self) -> Round:
        usages, starts, ends = [], [], []
        for worker in self._workers:
            if worker.ready is None or worker.begun is None or worker.ended is None:
                raise AssertionError("a round is made of workers that ended")
            usages.append(usage(worker.ready, worker.ended, worker.released))
            # Late because the machine was busy is late; late because another worker had the GIL is what
            # we measure.
            if worker.ready.delay is None or worker.begun.delay is None:
                starts.append(worker.begun.wall)
            else:
                starts.append(worker.released + worker.begun.delay - worker.ready.delay)
            ends.append(worker.ended.wall)
        shortest = min(end - start for start, end in zip(starts, ends, strict=True))
        overlap = max(0.0, min(1.0, (min(ends) - max(starts)) / shortest)) if shortest > 0 else 0.0
        span = (max(ends) - min(worker.released for worker in self._workers)) / 1e9
        since = (RealTime.perf_counter_ns() - min(worker.released for worker in self._workers)) / 1e9
        idle = idle_processors(self._idle, idle_seconds(), since)
        return Round(tuple(usages), span, overlap, self._scale, idle)

    def _stacks(self) -> str:
        frames = sys._current_frames()
        shown = []
        for number, worker in enumerate(self._workers):
            frame = frames.get(worker.thread.ident or 0) if worker.thread is not None else None
            if worker.ended is None and frame is not None:
                shown.append(f"worker {number}:\n" + "".join(traceback.format_stack(frame)))
        return "\n".join(shown) or "no worker got as far as its body"


def one(outcome: Outcome) -> Usage | None:
    """Return the usage of a run of one worker, or None where it was not completed."""
    return outcome.round.usages[0] if outcome.round is not None else None


def _interrupt(ident: int) -> None:
    """Raise :class:`_Abandoned` in the thread ``ident``; it takes effect at that thread's next bytecode."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(_Abandoned))
