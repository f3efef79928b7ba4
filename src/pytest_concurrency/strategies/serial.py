"""No preemption: each worker runs until it blocks or ends; then the first that can (optionally the last) goes on.

A worker that waits for a thread it has just started has not come to its end: that thread goes on, not the next worker.
"""

from __future__ import annotations

from collections.abc import Sequence

from .base import NEVER, Candidate


class Serial:
    """The default policy, and with ``last_first`` its mirror image.

    ``sleepless``: a worker that sleeps goes on at once, later by as much, so that the others do not come in between.
    ``eager``: the first (or last) worker that can run does so at every operation, not only where another one blocks.
    """

    name = "serial"
    sites: frozenset[str] = frozenset()

    def __init__(self, last_first: bool = False, sleepless: bool = False, eager: bool = False) -> None:
        self._pick = -1 if last_first else 0
        self.sleepless = sleepless
        self._eager = eager

    def begin(self, number: int) -> None:
        pass

    def pick(
        self, enabled: Sequence[Candidate], current: Candidate | None, step: int, left: Candidate | None = None
    ) -> Candidate:
        if self._eager:
            return enabled[self._pick]
        if current is not None:
            return current
        if left is not None and not left.done:
            new = [w for w in enabled if w.site is None and w.path.rpartition(".")[0] == left.path]
            if new:
                return new[self._pick]
        return enabled[self._pick]

    def quiet_until(self, step: int) -> int:
        return 0 if self._eager else NEVER
