"""Virtual time: in a controlled run a sleep costs nothing, and the clock jumps to the next deadline."""

from __future__ import annotations

import math

from ..realtime import RealTime

GRAIN = 1024
"""The clocks begin at whole parts of a second, so many of them: what is added is rounded alike in every run, and code
that compares two moments which are the same but for rounding takes the same way when a schedule is run again."""
MOVED = 0.5
"""Seconds by which the wall clock leaves the monotonic one only where somebody has set it, or travels in time."""
TICK = 1e-6
"""Seconds by which the clock advances each time it is read, so that a loop that waits for it makes headway."""


def _ahead() -> float:
    """Return by how much the wall clock is ahead of the monotonic one: what only time travel changes."""
    return RealTime.time() - RealTime.monotonic()


_AHEAD_AT_FIRST = _ahead()


class VirtualClock:
    """Seconds since the run began, ``pushed`` of them for workers that only ask; replaces the monotonic clocks, and
    shifts the wall clock.

    What travels in time below Python (time-machine) changes what the real wall clock says in the middle of a run: the
    virtual one travels along, and stands still where that one does.
    """

    __slots__ = ("_ahead", "_base_monotonic", "_base_perf", "_base_time", "_moved", "now", "pushed")

    def __init__(self) -> None:
        self.now = self.pushed = 0.0
        self.begin()

    def begin(self) -> None:
        """The run begins now: what fixtures have noted of the real clocks meanwhile lies in the past."""
        self._base_monotonic = _aligned(RealTime.monotonic())
        self._base_perf = _aligned(RealTime.perf_counter())
        self._base_time = _aligned(RealTime.time())
        self._ahead = _ahead()
        self._moved = self._ahead, self._base_time

    def advance_to(self, moment: float) -> None:
        """Move the clock forward to ``moment``; never backwards."""
        if moment > self.now:
            self.now = moment

    def push(self, seconds: float) -> None:
        """Let time go on although nobody waits for it."""
        self.now += seconds
        self.pushed += seconds

    def monotonic(self) -> float:
        self.now += TICK
        return self._base_monotonic + self.now

    def perf_counter(self) -> float:
        self.now += TICK
        return self._base_perf + self.now

    def time(self) -> float:
        self.now += TICK
        ahead = _ahead()
        if _frozen(ahead):
            return RealTime.time()
        if abs(ahead - self._ahead) < MOVED:
            return self._base_time + self.now
        if abs(ahead - self._moved[0]) >= MOVED:
            self._moved = ahead, RealTime.time() - self.now
        return self._moved[1] + self.now

    def time_ns(self) -> int:
        return RealTime.time_ns() if _frozen(_ahead()) else int(self.time() * 1e9)


def _frozen(ahead: float) -> bool:
    """Say whether the real wall clock has been moved, and stands still."""
    return abs(ahead - _AHEAD_AT_FIRST) >= MOVED and RealTime.time_ns() == RealTime.time_ns()


def _aligned(moment: float) -> float:
    """Return the first whole part of a second that is not before ``moment``."""
    return math.ceil(moment * GRAIN) / GRAIN
