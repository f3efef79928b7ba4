"""One budget for a whole suite: each test gets a share of what is left, and leaves what it does not use."""

from __future__ import annotations

SLACK = 10
"""Times its even share that one test may use: most tests share nothing between workers and use next to none."""
LEAST = 0.05
"""Seconds below which a share is not worth beginning with."""
DEFAULT_LEAST = 60.0
DEFAULT_EACH = 0.5


class Budget:
    """Shares ``seconds`` among ``tests`` tests (None: a minute, or half a second each if that is more)."""

    def __init__(self, tests: int, seconds: float | None = None) -> None:
        self.seconds = seconds if seconds is not None else max(DEFAULT_LEAST, DEFAULT_EACH * tests)
        self._left = self.seconds
        self._tests = max(1, tests)

    def share(self, most: float) -> float:
        """Return the seconds that the next test may use, at most ``most``; 0 where the budget is used up."""
        if self._left <= LEAST:
            return 0.0
        even = self._left / self._tests
        return max(LEAST, min(most, SLACK * even, self._left))

    def used(self, seconds: float) -> None:
        """Take off what one test has used."""
        self._left -= seconds
        self._tests = max(1, self._tests - 1)
