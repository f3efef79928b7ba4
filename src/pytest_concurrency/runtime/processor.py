"""One processor for all threads of a controlled run.

Only one of them runs at a time. With several processors the kernel wakes the next one up elsewhere, where it finds the
interpreter's lock still held and goes back to sleep: a hand-over takes two to three times as long. The code under test
does not see the difference: :func:`os.sched_getaffinity` answers as before (and with it :func:`os.process_cpu_count`).
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from types import TracebackType
from typing import Any

PERIOD = 0.25
"""Seconds between two looks at whether others compete for the processor."""
ENOUGH = 0.7
"""Part of a period that the process has to get of its processor."""
PATIENCE = 2
"""Looks in a row that find less, after which it goes back to where the kernel puts it."""
_OS: Any = os


class OneProcessor:
    """Keeps the calling thread, and the threads started meanwhile, on one processor while entered.

    Without effect where the platform knows no affinity, where there is but one processor, and once another process
    competes for it. :meth:`close` lets the threads that are left go where they like.
    """

    def __init__(self) -> None:
        self._all: set[int] = _OS.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else set()
        self._one: set[int] = set()
        self._ask: Any = getattr(os, "sched_getaffinity", None)
        self._entered = False
        self._looked = (time.monotonic(), time.process_time())
        self._patience = PATIENCE
        if len(self._all) > 1:
            self._one = _current() & self._all

    def __enter__(self) -> None:
        if not self._one:
            return
        if time.monotonic() - self._looked[0] > PERIOD and not self._gets_enough():
            self.close()
            return
        self._ask = _OS.sched_getaffinity
        self._entered = True
        _OS.sched_setaffinity(0, self._one)
        _OS.sched_getaffinity = self._as_before

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._entered:
            return
        self._entered = False
        if getattr(_OS.sched_getaffinity, "__func__", None) is OneProcessor._as_before:
            _OS.sched_getaffinity = self._ask
        if self._ask(0) == self._one:
            _OS.sched_setaffinity(0, self._all)
        else:
            self.close()  # the code under test chooses for itself

    def close(self) -> None:
        """Let all threads go where they could before; from now on entering has no effect."""
        if not self._one:
            return
        one, self._one = self._one, set()
        for name in os.listdir("/proc/self/task"):
            with suppress(OSError):  # it has ended meanwhile
                if self._ask(int(name)) == one:
                    _OS.sched_setaffinity(int(name), self._all)

    def _as_before(self, pid: int, /) -> set[int]:
        found: set[int] = self._ask(pid)
        return set(self._all) if found == self._one else found

    def _gets_enough(self) -> bool:
        before, self._looked = self._looked, (time.monotonic(), time.process_time())
        share = (self._looked[1] - before[1]) / (self._looked[0] - before[0])
        self._patience = PATIENCE if share >= ENOUGH else self._patience - 1
        return self._patience > 0


def _current() -> set[int]:
    """Return the processor that the calling thread is on; empty where that cannot be told."""
    try:
        with open("/proc/thread-self/stat", "rb") as stat:
            return {int(stat.read().rpartition(b")")[2].split()[36])}
    except (OSError, ValueError, IndexError):
        return set()
