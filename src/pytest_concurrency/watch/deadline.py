"""A bound on the body that runs in this process, without a thread or a process of its own.

The alarm signal interrupts every wait of the main thread; what another user of the alarm had set is put back.
"""

from __future__ import annotations

import signal
import threading
import types
from collections.abc import Callable
from typing import Any

from ..realtime import RealTime

TICK = 0.5
_FIRST = 1.0
_AGAIN = 1.0
_TIMES = 10
_AT_LEAST = 4.5  # seconds beyond the limit in which the probe can make sure that nothing moves
PATIENCE = 3  # times the limit that processes are given as long as they are seen to get on


class BodyHung(BaseException):
    """Raised in the body when it has not ended in time: no ``except Exception`` may swallow it."""


class Deadline:
    """Raises ``error`` in the main thread when the probe says so; ``seconds`` (real time) are the limit.

    ``probe(frame, passed)`` is called every half second from the first second on with the seconds that have passed;
    when it returns true the body is interrupted. At ``PATIENCE`` times the limit it is interrupted whatever the probe
    says. Where the alarm cannot be used, nothing is bounded.
    """

    def __init__(
        self,
        seconds: float,
        probe: Callable[[types.FrameType | None, float], bool],
        error: Callable[[str], BaseException] = BodyHung,
    ) -> None:
        self.seconds = seconds
        self.probe = probe
        self.error = error
        self.expired = False
        self._raised = 0
        self._looking = False
        self._usable = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()

    def __enter__(self) -> Deadline:
        if self._usable:
            self._start = RealTime.monotonic()
            self._handler: Any = signal.getsignal(signal.SIGALRM)
            self._theirs, self._interval = signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._tick)
            self._arm(min(_FIRST, self.seconds))
        return self

    @property
    def has_alarm(self) -> bool:
        """Whether another user of the alarm waits for it."""
        return bool(self._usable and self._theirs)

    def _arm(self, seconds: float) -> None:
        """Ask for the next alarm, and for more after it: where another thread forks at that moment, the alarm may reach
        that thread, and a wait of the main one goes on."""
        again = max(seconds, TICK)
        if self._theirs:
            seconds = min(seconds, max(0.001, self._theirs - (RealTime.monotonic() - self._start)))
        signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001), again)

    def _tick(self, signum: int, frame: types.FrameType | None) -> None:
        passed = RealTime.monotonic() - self._start
        if self._theirs and passed >= self._theirs:
            self._theirs = 0.0
            self._arm(TICK)
            if callable(self._handler):
                self._handler(signum, frame)
            return
        if self._looking:
            return
        if self._is_over(frame, passed):
            self.expired = True
            self._raised += 1
            if self._raised <= _TIMES:
                self._arm(_AGAIN)
            else:
                signal.setitimer(signal.ITIMER_REAL, 0)
            raise self.error(f"still running after {passed:.1f} s")
        left = self.seconds - passed
        self._arm(min(TICK, left) if left > 0 else TICK)

    def _is_over(self, frame: types.FrameType | None, passed: float) -> bool:
        self._looking = True
        try:
            over = self.expired or self.probe(frame, passed)
        finally:
            self._looking = False
        return over or passed > max(self.seconds * PATIENCE, self.seconds + _AT_LEAST)

    def __exit__(self, *_: object) -> None:
        if self._usable:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._handler if self._handler is not None else signal.SIG_DFL)
            if self._theirs:
                left = max(0.001, self._theirs - (RealTime.monotonic() - self._start))
                signal.setitimer(signal.ITIMER_REAL, left, self._interval)
