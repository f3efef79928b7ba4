"""Source-DPOR with sleep sets on running programs: one schedule for each class of equivalent interleavings."""

from __future__ import annotations

from .dpor_core import Abort, SourceDpor
from .dpor_ops import Op
from .precise import Precise

DEPTH_LIMIT = 600
"""Operations of one schedule that are looked at: the time for the analysis grows with more than their square."""


class Dpor(Precise):
    """Explores every class of interleavings of the announced operations; see :mod:`.dpor_core`."""

    name = "dpor"

    def __init__(self) -> None:
        super().__init__()
        self._core: SourceDpor[str] = SourceDpor()
        self._blocked: dict[str, Op[str]] = {}
        self._depth = 0
        self._too_deep = False

    @property
    def progress(self) -> float:
        """A rough share of the work that is done."""
        return self._core.progress()

    def begin(self, number: int) -> None:
        super().begin(number)
        self._blocked = {}
        self._depth = 0
        self._too_deep = False
        self._core.begin()

    def _forked(self, path: str) -> None:
        if not self._adrift:
            self._core.forked(path)

    def _choose(self, able: dict[str, Op[str]], running: str | None) -> str | None:
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            self.doubt("a schedule was too long")
            self._too_deep = True
            return None
        chosen = self._core.pick(able, running)
        if isinstance(chosen, Abort):
            self._blocked = self._translator.blocked(self._workers, tuple(able))
            return None
        return chosen

    def restart(self) -> None:
        self._core = SourceDpor()
        self.exhausted, self.found = False, 0

    def finish(self, cut_short: str) -> None:
        self.exhausted = self._core.end(self._blocked, cut_short=bool(cut_short) or self._too_deep)
        self.found = self._core.runs
        self._note_doubts(cut_short)
        if self._core.diverged and not self.doubts:
            self.doubts.append("the test did not do the same in the same schedule")
