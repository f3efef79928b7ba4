"""No preemption: each worker runs until it blocks or ends; then the first that can (optionally the last) goes on."""

from __future__ import annotations

from collections.abc import Sequence

from .base import NEVER, Candidate


class Serial:
    """The default policy, and with ``last_first`` its mirror image."""

    name = "serial"
    sites: frozenset[str] = frozenset()

    def __init__(self, last_first: bool = False) -> None:
        self._pick = -1 if last_first else 0

    def begin(self, number: int) -> None:
        pass

    def pick(
        self, enabled: Sequence[Candidate], current: Candidate | None, step: int, left: Candidate | None = None
    ) -> Candidate:
        return current if current is not None else enabled[self._pick]

    def quiet_until(self, step: int) -> int:
        return NEVER
