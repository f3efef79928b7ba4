"""One processor for all threads of a controlled run.

Only one of them runs at a time. With several processors the kernel wakes the next one up elsewhere, where it finds the
interpreter's lock still held and goes back to sleep: a hand-over takes two to three times as long. The code under test
does not see the difference: :func:`os.sched_getaffinity` answers as before (and with it :func:`os.process_cpu_count`).
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

from ..realtime import RealTime

PERIOD = 0.25
"""Seconds between two looks at whether others compete for the processor."""
ENOUGH = 0.7
"""Part of a period that the process has to get of its processor."""
PATIENCE = 2
"""Looks in a row that find less, after which it goes back to where the kernel puts it."""
_OS: Any = os


class OneProcessor:
    """Keeps the calling thread, and the threads started meanwhile, on one processor from :meth:`take` to
    :meth:`let_go`.

    Without effect where the platform knows no affinity, where there is but one processor, and once another process
    competes for it.
    """

    def __init__(self) -> None:
        self._all: set[int] = _OS.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else set()
        self._one = _share_of(self._all) or _current() & self._all if len(self._all) > 1 else set()
        self._ask: Any = getattr(os, "sched_getaffinity", None)
        self._taken = False
        self._looked = (0.0, 0.0)
        self._patience = PATIENCE

    def take(self) -> None:
        """Take the processor, or look now and then, where it is taken already, whether others compete for it."""
        if self._taken:
            if RealTime.monotonic() - self._looked[0] > PERIOD and not self._gets_enough():
                self.close()
        elif self._one:
            self._ask = _OS.sched_getaffinity
            self._taken = True
            self._looked = (RealTime.monotonic(), RealTime.process_time())
            _OS.sched_setaffinity(0, self._one)
            _OS.sched_getaffinity = self._as_before

    def let_go(self) -> None:
        """Let all threads go where they could before, unless the code under test has chosen for itself."""
        if not self._taken:
            return
        self._taken = False
        if getattr(_OS.sched_getaffinity, "__func__", None) is OneProcessor._as_before:
            _OS.sched_getaffinity = self._ask
        for name in os.listdir("/proc/self/task"):
            with suppress(OSError):  # it has ended meanwhile
                if self._ask(int(name)) == self._one:
                    _OS.sched_setaffinity(int(name), self._all)

    def close(self) -> None:
        """Let go for good."""
        self.let_go()
        self._one = set()

    def _as_before(self, pid: int, /) -> set[int]:
        found: set[int] = self._ask(pid)
        return set(self._all) if found == self._one else found

    def _gets_enough(self) -> bool:
        before, self._looked = self._looked, (RealTime.monotonic(), RealTime.process_time())
        share = (self._looked[1] - before[1]) / (self._looked[0] - before[0])
        self._patience = PATIENCE if share >= ENOUGH else self._patience - 1
        return self._patience > 0


def _share_of(processors: set[int]) -> set[int]:
    """Return a worker of pytest-xdist's own processor, so that two of them do not meet; empty outside of one."""
    number = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    return {sorted(processors)[int(number) % len(processors)]} if number.isdecimal() else set()


def _current() -> set[int]:
    """Return the processor that the calling thread is on; empty where that cannot be told."""
    try:
        with open("/proc/thread-self/stat", "rb") as stat:
            return {int(stat.read().rpartition(b")")[2].split()[36])}
    except (OSError, ValueError, IndexError):
        return set()
