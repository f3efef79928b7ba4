"""What dynamic partial order reduction and preemption bounding have in common: they see every operation of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .base import NEVER, Candidate
from .dpor_ops import Op
from .pending import Translator


class Precise:
    """A strategy that is asked before every operation as soon as there is more than one worker.

    ``precise`` makes the execution ask also where only one worker can go on, ``releases`` makes releases operations of
    their own. ``doubts`` are reasons why the runs so far may not be all there are; ``exhausted`` says that nothing is
    left to run; ``found`` counts the different interleavings that were run to their end. ``files`` are those whose code
    is instrumented.
    """

    name = "precise"
    sites: frozenset[str] = frozenset()
    precise = True
    releases = True

    def __init__(self) -> None:
        self.doubts: list[str] = []
        self.exhausted = False
        self.found = 0
        self.files: frozenset[str] = frozenset()
        self.judge_start: Callable[[Any], None] | None = None
        self._translator = Translator()
        self._workers: Sequence[Any] = ()
        self._known = 1
        self._adrift = False

    def begin(self, number: int) -> None:
        self._translator = Translator(self.files)
        self._known = 1
        self._adrift = False

    def attach(self, workers: Sequence[Any]) -> None:
        """Hand over the list of the run's workers, which grows as they are started."""
        self._workers = workers

    def touched(self, worker: Any, lock: Any, took: bool) -> None:
        """Called by the primitives: see :meth:`.pending.Translator.touched`."""
        self._translator.touched(worker, lock, took)

    def met(self, worker: Any, obj: Any) -> None:
        """Called by the hooks: see :meth:`.pending.Translator.met`."""
        self._translator.met(worker, obj)

    def doubt(self, reason: str) -> None:
        """Note a reason against calling the exploration complete."""
        self._translator.doubt(reason)

    def pick(
        self, enabled: Sequence[Candidate], current: Candidate | None, step: int, left: Candidate | None = None
    ) -> Candidate:
        if len(self._workers) > self._known:
            for worker in self._workers[self._known :]:
                self._forked(worker.path)
                if self.judge_start is not None:
                    self.judge_start(worker)
            self._known = len(self._workers)
        translator = self._translator
        able: dict[str, Op[str]] = {}
        candidates: dict[str, Candidate] = {}
        for candidate in enabled:
            op = translator.operation(candidate)  # type: ignore[arg-type]
            if translator.is_enabled(candidate):  # type: ignore[arg-type]
                able[candidate.path] = op
                candidates[candidate.path] = candidate
        if not able:
            return enabled[0]  # it finds its lock held, and waits
        running = current.path if current is not None and current.path in able else None
        if self._adrift:
            return candidates[running or next(iter(able))]
        path = self._choose(able, running)
        if path is None:
            self._adrift = True
            return candidates[running or next(iter(able))]
        chosen = candidates[path]
        translator.chosen(chosen)  # type: ignore[arg-type]
        return chosen

    def quiet_until(self, step: int) -> int:
        return NEVER if self._adrift else 0

    def _forked(self, path: str) -> None:
        """Called for a worker that the operation picked last has started."""

    def _choose(self, able: dict[str, Op[str]], running: str | None) -> str | None:
        """Return the worker to go on with; None where the rest of the run is of no interest."""
        raise NotImplementedError

    def finish(self, cut_short: str) -> None:
        """Called after each run; ``cut_short`` says why it counts as not run to its end, empty if it was."""
        raise NotImplementedError

    def restart(self) -> None:
        """Begin the exploration anew: another operation counts from now on."""
        raise NotImplementedError

    def _note_doubts(self, cut_short: str) -> None:
        # A run that only repeats what is known, or strays, goes on by itself: its doubts count as well.
        for reason in [*self._translator.doubts, *([cut_short] if cut_short else [])]:
            if reason not in self.doubts:
                self.doubts.append(reason)
