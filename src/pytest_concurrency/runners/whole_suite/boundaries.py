"""Is a failure the code's, or the test's? It is the code's where the switch has to be inside a call to that code.

A test that registers, looks and unregisters takes it for granted that nobody else does so meanwhile: run beside itself
it fails though every single call is atomic. So a failing schedule is tried with each of its preemptions moved to where
the call began, and to where it ends, and so are some random schedules that switch between calls only. Where one of
these fails as well, the test is not made to be run beside itself; else the code under test is not atomic. This is the
idea of linearizability (Herlihy, Wing: TOPLAS 1990), with the test's own asserts in place of a specification.
"""

from __future__ import annotations

import itertools
import random
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ...detect.failures import failures_of
from ...explore.model import Found
from ...hazards import RAISED
from ...instrument.deferred import outer
from ...schedules.directives import BEFORE, BLOCKED, Directive, point_of
from ...source import PACKAGE
from ...strategies.base import RELEASED, Candidate, Strategy
from ...trace.outcome import Outcome

MOVED = 3
"""Preemptions of one schedule that are moved independently of each other; of more, all go the same way."""
RANDOM_RUNS = 8

IsOwn = Callable[[types.CodeType], bool]


class _Calls:
    """A strategy that knows, at each operation, in which call of the test's own code it is."""

    sites: frozenset[str] = frozenset()

    def __init__(self, is_own: IsOwn) -> None:
        self._is_own = is_own
        self._inside: dict[str, types.FrameType | None] = {}

    def begin(self, number: int) -> None:
        self._inside = {}

    def quiet_until(self, step: int) -> int:
        return 0

    def _enters(self, path: str) -> bool:
        """Say whether the worker's operation is the first of a call, or the test's own."""
        frame = _called_frame(self._is_own)
        first = frame is None or self._inside.get(path) is not frame
        self._inside[path] = frame  # kept alive: no other frame can be taken for it
        return first


def _called_frame(is_own: IsOwn) -> types.FrameType | None:
    """Return the frame that the test's innermost own frame on this thread has called; None where there is none."""
    called: types.FrameType | None = None
    frame: types.FrameType | None = sys._getframe(2)
    while frame is not None:
        if not frame.f_code.co_filename.startswith(PACKAGE):
            if is_own(frame.f_code):
                return called
            called = frame
        frame = outer(frame)
    return called


class Moved(_Calls):
    """Follows directives, but takes each preemption named in ``late`` at the end of the call that it is in.

    ``entries`` has afterwards, for each directive that was met, the first operation of the call that it is in.
    """

    name = "moved"

    def __init__(self, directives: Sequence[Directive], is_own: IsOwn, late: frozenset[Directive]) -> None:
        super().__init__(is_own)
        self._table = {directive.point: directive for directive in directives}
        self.sites = frozenset(directive.site for directive in directives)
        self.releases = any(directive.site.endswith(RELEASED) for directive in directives)
        self._late = late
        self._due: dict[str, str] = {}
        self._first: dict[str, tuple[str, int]] = {}
        self.entries: dict[Directive, tuple[str, int]] = {}

    def begin(self, number: int) -> None:
        super().begin(number)
        self._due, self._first = {}, {}

    def pick(
        self, enabled: Sequence[Candidate], current: Candidate | None, step: int, left: Candidate | None = None
    ) -> Candidate:
        worker = current if current is not None else left
        default = current if current is not None else enabled[0]
        if worker is None:
            return default
        to: str | None = None
        if current is not None:
            if current.site is not None and self._enters(current.path):
                self._first[current.path] = (current.site.key, current.occurrence)
                to = self._due.pop(current.path, None)
        elif worker.done:
            to = self._due.pop(worker.path, None)
        point = point_of(current, left)
        directive = self._table.get(point) if point is not None else None
        if directive is not None:
            self.entries[directive] = self._first.get(worker.path, (directive.site, directive.occurrence))
            if directive in self._late:
                self._due[worker.path] = directive.to
            else:
                to = directive.to
        return next((candidate for candidate in enabled if candidate.path == to), default)


class BetweenCalls(_Calls):
    """A random walk that switches between calls of the test's own code only."""

    name = "between-calls"

    def __init__(self, seed: int, is_own: IsOwn) -> None:
        super().__init__(is_own)
        self._seed = seed
        self._random = random.Random(seed)

    def begin(self, number: int) -> None:
        super().begin(number)
        self._random = random.Random(f"{self._seed}/{number}")

    def pick(
        self, enabled: Sequence[Candidate], current: Candidate | None, step: int, left: Candidate | None = None
    ) -> Candidate:
        if current is not None and not (self._enters(current.path) and self._random.random() < 0.5):
            return current
        return self._random.choice(enabled)


@dataclass(frozen=True, slots=True)
class Trial:
    """What the question needs: a way to ``run`` a schedule once more, and which code is the test's own."""

    run: Callable[[Strategy], Outcome]
    is_own: IsOwn
    seed: int


def is_tests_own(found: Found, trial: Trial) -> bool:
    """Say whether the failure also comes where calls of the test's own code are not interrupted."""
    original = tuple(found.directives)
    inside = [directive for directive in original if directive.moment == BEFORE]
    if not inside and not any(directive.moment == BLOCKED for directive in original):
        return True  # one worker after the other, in another order
    recorded = Moved(original, trial.is_own, frozenset())
    if not _fails(trial.run(recorded)):
        return True  # it does not come again: nothing is demonstrated
    if inside and all(recorded.entries.get(d) == (d.site, d.occurrence) for d in inside):
        return True
    for early, late in _ways(inside):
        moved = []
        for directive in original:
            entry = recorded.entries.get(directive) if directive in early else None
            if entry is not None:
                moved.append(Directive(directive.worker, entry[0], entry[1], directive.moment, directive.to))
            else:
                moved.append(directive)
        if _fails(trial.run(Moved(moved, trial.is_own, frozenset(late)))):
            return True
    between = BetweenCalls(trial.seed, trial.is_own)
    return any(_fails(trial.run(between)) for _ in range(RANDOM_RUNS))


def _ways(inside: Sequence[Directive]) -> Iterator[tuple[frozenset[Directive], frozenset[Directive]]]:
    """Yield which preemptions are taken early and which late."""
    if len(inside) > MOVED:
        yield frozenset(inside), frozenset()
        yield frozenset(), frozenset(inside)
        return
    for choice in itertools.product((True, False), repeat=len(inside)):
        early = frozenset(d for d, first in zip(inside, choice, strict=True) if first)
        yield early, frozenset(inside) - early


def _fails(outcome: Outcome) -> bool:
    return any(failure.code in RAISED for failure in failures_of(outcome))
