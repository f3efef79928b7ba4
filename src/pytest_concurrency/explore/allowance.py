"""How much of the budget of a test ``auto`` gives to running every interleaving."""

from __future__ import annotations

from ..realtime import RealTime

TURNS = 20
"""So many turns would use up the budget."""


class Allowance:
    """A turn of ``schedules`` or seconds at a time, and more as long as what is done of the whole is ahead of what is
    used of the budget of so many ``schedules`` and ``seconds``."""

    def __init__(self, schedules: int, seconds: float) -> None:
        self.turn = max(10, schedules // TURNS)
        """Schedules in a turn."""
        self._schedules = schedules
        self._seconds = seconds
        self._runs = 0
        self._spent = 0.0
        self._first = 0
        self._began = 0.0
        self._until = 0.0

    def begin(self, count: int, left: float) -> None:
        """Begin a turn after ``count`` schedules, with so many seconds of the budget ``left``."""
        self._first, self._began = count, RealTime.monotonic()
        self._until = self._began + left / TURNS

    def is_over(self, count: int, done: float) -> bool:
        """Say whether the turn is over after ``count`` schedules, where this part of the whole is ``done``."""
        now = RealTime.monotonic()
        if count - self._first < self.turn and now <= self._until:
            return False
        runs, spent = self._runs + count - self._first, self._spent + now - self._began
        return max(runs / self._schedules, spent / self._seconds) > done

    def end(self, count: int) -> None:
        """End the turn after ``count`` schedules."""
        self._runs += count - self._first
        self._spent += RealTime.monotonic() - self._began
