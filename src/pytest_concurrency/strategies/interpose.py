"""One schedule that tries out as many suspicions as it can: wherever it may matter, another worker comes in between.

A worker that has read a location which others may still write is held before it writes there itself, or, where it never
does, at once; one that has written what others access, before it comes back to it, or at once; one that has a lock,
before it takes the next. Another worker runs instead, to its end or until it blocks; then the held one goes on, to its
next such place. A worker that was let in may be interrupted in the same way. A ``brief`` schedule lets the other one in
only until it has made the conflicting access, which shows what is changed and soon changed back.

A :class:`.directed.Directed` schedule tries one suspicion, as active testing does (Park, Sen: Randomized Active
Atomicity Violation Detection in Concurrent Programs, FSE 2008). This one takes what a single serial run has shown for
its forecast and tries them all, at the price that one may spoil another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..trace.workers import TEST
from .base import NEVER, Candidate
from .directed import meets
from .serial import Serial

WINDOWS = 200
"""Times that a worker is let in between in one run."""
TRIES = 3
"""Times that a worker is let in at one place and blocks or ends before it comes to it."""
STEPS = 10_000
"""Operations after which nobody is let in any more: each of them costs a look."""
OPEN = 8
"""Accesses of one worker, its latest, after which others may come in."""


@dataclass(frozen=True, slots=True)
class Race:
    """At one place locations of ``group`` are accessed, the given ``times`` that a worker comes there (from 1) with
    nothing that keeps another one from interfering."""

    group: int
    write: bool
    times: frozenset[int]


Forecast = Mapping[str, Mapping[str, Race]]
"""The races of each worker (by path), by the keys of their places, as far as is known."""


@dataclass(frozen=True, slots=True)
class _Operation:
    """What a worker has announced; it has been done when the worker announces the next. ``open``: others may interfere
    with it. ``known``: somebody has done it in the run that the forecast is from."""

    place: str
    group: int
    loc: Any
    key: Any
    write: bool
    acquires: bool
    open: bool
    known: bool


@dataclass(slots=True)
class _Progress:
    """What a worker has announced and done so far, and the accesses after which others may come in, the latest last."""

    announced: _Operation | None = None
    times: dict[str, int] = field(default_factory=dict)
    windows: list[_Operation] = field(default_factory=list)
    tries: dict[str, int] = field(default_factory=dict)


class Interpose:
    """Let others come in where it may matter.

    ``forecast`` says where workers may meet, by what was seen when nobody interfered; ``known`` are the keys of all
    sites that somebody has passed: who writes at another one does something new, and that is worth interrupting, too.
    With ``last_first`` the worker that was made last runs first; ``brief``: see above.
    """

    name = "interpose"
    sites: frozenset[str] = frozenset()

    def __init__(
        self, forecast: Forecast, known: frozenset[str], last_first: bool = False, brief: bool = False
    ) -> None:
        self._forecast = forecast
        self._known = known
        self._last_times = {path: _last_times(races) for path, races in forecast.items()}
        self._serial = Serial(last_first=last_first)
        self._end = -1 if last_first else 0
        self._brief = brief
        self.begin(0)

    def begin(self, number: int) -> None:
        self._done: dict[str, _Progress] = {}
        self._held: list[tuple[Candidate, _Operation]] = []
        self._timed_out: set[str] = set()
        self._born: set[str] = set()
        self._left = WINDOWS

    def pick(
        self, enabled: Sequence[Candidate], current: Candidate | None, step: int, left: Candidate | None = None
    ) -> Candidate:
        if current is None:
            return self._after(left, enabled)
        if step > STEPS:
            self._left = 0
            return current
        progress = self._done.setdefault(current.path, _Progress())
        last, progress.announced = progress.announced, self._announced(current)
        if last is not None:
            self._note(progress, last)
            if self._brief and self._held and _conflict(last, self._held[-1][1]):
                holder, window = self._held[-1]
                if holder in enabled:
                    self._held.pop()
                    self._close(holder, window)
                    return holder
        return self._let_in(current, progress, last, enabled) or current

    def _announced(self, worker: Candidate) -> _Operation | None:
        site = worker.site
        if site is None:
            return None
        race = self._forecast.get(worker.path, {}).get(site.key)
        known = site.key in self._known
        free = worker.occurrence in race.times if race is not None else worker.write and not known
        return _Operation(site.key, site.group, worker.loc, worker.key, worker.write, site.acquires, free, known)

    def _note(self, progress: _Progress, last: _Operation) -> None:
        """Count what was done, and open a window after it."""
        progress.times[last.place] = progress.times.get(last.place, 0) + 1
        if last.group or last.open:
            progress.windows = [w for w in progress.windows if w.key != last.key or w.loc != last.loc][1 - OPEN :]
        if last.open:
            progress.windows.append(last)

    def _let_in(
        self, current: Candidate, progress: _Progress, last: _Operation | None, enabled: Sequence[Candidate]
    ) -> Candidate | None:
        """Return the worker that is to come in now, if any; ``current`` is held meanwhile."""
        held = {holder.path for holder, _ in self._held}
        others = [worker for worker in enabled if worker is not current and worker.path not in held]
        self._born.update(worker.path for worker in others)
        if not others or self._left <= 0 or last is None:
            return None
        if last.write:
            for worker in others:
                if worker.timed_out and worker.path not in self._timed_out:  # it does what it does only when late
                    self._timed_out.add(worker.path)
                    return self._hold(current, last, worker)
        for window in self._due(current, progress):
            able = self._able(others, window)
            if able is not None:
                progress.tries[window.place] = progress.tries.get(window.place, 0) + 1
                return self._hold(current, window, able)
        return None

    def _due(self, current: Candidate, progress: _Progress) -> Iterator[_Operation]:
        """Yield the accesses of ``current`` after which others are to come in now, the latest first."""
        upcoming = progress.announced
        assert upcoming is not None
        for window in reversed(progress.windows):
            if progress.tries.get(window.place, 0) >= TRIES:
                continue
            if window.acquires:
                if upcoming.acquires and upcoming.loc != window.loc:
                    yield window
            elif (
                upcoming.acquires  # whoever could come in may be locked out afterwards
                or (upcoming.group == window.group and (upcoming.write or window.write))
                or not self._comes_back(current.path, window)
            ):
                yield window

    def _hold(self, current: Candidate, window: _Operation, chosen: Candidate) -> Candidate:
        self._held.append((current, window))
        self._left -= 1
        return chosen

    def _able(self, workers: Sequence[Candidate], window: _Operation) -> Candidate | None:
        """Return who may still come to an access that conflicts with that of ``window``, or start somebody who may."""
        able = [worker for worker in workers if self._may_conflict(worker.path, window)]
        if not able:
            unborn = [path for path in self._forecast if path not in self._born and self._may_conflict(path, window)]
            able = [worker for worker in workers if any(_starts(worker.path, path) for path in unborn)]
        return able[self._end] if able else None

    def _may_conflict(self, path: str, window: _Operation) -> bool:
        if not window.known:
            return path in self._born
        return self._comes_to(path, window.group, write=window.acquires or not window.write)

    def _comes_back(self, path: str, window: _Operation) -> bool:
        """Say whether the worker ``path`` has still to come to an access that conflicts with its own of ``window``."""
        ways = (True, False) if window.write else (True,)
        return any(self._comes_to(path, window.group, write) for write in ways)

    def _comes_to(self, path: str, group: int, write: bool) -> bool:
        """Say whether the worker ``path`` has still to come to a place where it reads (or writes) in ``group``."""
        places = self._last_times.get(path, {}).get((group, write), ())
        done = self._done.get(path)
        return any(done is None or done.times.get(place, 0) < last for place, last in places)

    def _close(self, holder: Candidate, window: _Operation) -> None:
        progress = self._done[holder.path]
        progress.tries.pop(window.place, None)
        if window in progress.windows:
            progress.windows.remove(window)

    def _after(self, left: Candidate | None, enabled: Sequence[Candidate]) -> Candidate:
        """Choose who goes on where ``left`` has blocked or ended: whoever else may come in, or was held for it."""
        self._born.update(worker.path for worker in enabled)
        while self._held:
            held = {holder.path for holder, _ in self._held}
            holder, window = self._held[-1]
            instead = self._able([worker for worker in enabled if worker.path not in held], window)
            if instead is not None:
                return instead
            self._held.pop()
            if holder in enabled:
                return holder
        return self._serial.pick(enabled, None, 0, left)

    def quiet_until(self, step: int) -> int:
        return 0 if self._left > 0 else NEVER


def _last_times(races: Mapping[str, Race]) -> dict[tuple[int, bool], list[tuple[str, int]]]:
    """Return the places of ``races`` by group and whether they write, and the last time that matters at each."""
    found: dict[tuple[int, bool], list[tuple[str, int]]] = {}
    for place, race in races.items():
        found.setdefault((race.group, race.write), []).append((place, max(race.times)))
    return found


def _starts(path: str, other: str) -> bool:
    """Say whether the worker ``path`` is the one that starts the worker ``other``."""
    parent, _, _ = other.rpartition(".")
    return path == (parent or TEST) and other != TEST


def _conflict(done: _Operation, window: _Operation) -> bool:
    return (done.write or window.write) and meets(done, window)


__all__ = ["Forecast", "Interpose"]
