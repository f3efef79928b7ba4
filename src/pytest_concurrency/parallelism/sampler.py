"""A sampling profiler for waits: which locks the workers stand at, and how long the GIL keeps an idle thread waiting.

It works on code that nobody instrumented: every few milliseconds it reads the frames of the workers.
"""

from __future__ import annotations

import _thread
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from .clocks import stamp, stamp_end, usage
from .locks import Waiting, callers_frame, created_at, is_held, waiting_at
from .model import Hot, LockUse, Profile

PERIOD = 0.002
# Who computes gives the GIL up after the switch interval, 5 ms: who is free to give it up does so in
# microseconds.
QUEUED = 0.001
OFTEN = 1e-4
"""Switch interval while a worker is looked at alone: with the usual one it is met where it gives the GIL up itself."""
Seen = tuple[Waiting, int, float]
# A body that makes its lock anew in each run has one lock for our purpose: that of its line.
Key = tuple[tuple[str, int], str]
# Path, function and line.
Place = tuple[str, str, int]


class Sampler:
    """Samples the workers that ``idents()`` names, from :meth:`start` to :meth:`stop`.

    ``alone``: one worker, and only where it spends its time is looked at. Together they are mostly seen where they wait
    for the GIL: a call that blocks, however short, counts for as much there as the computing before it.
    """

    def __init__(self, idents: Callable[[], Sequence[int]], alone: bool = False) -> None:
        self._idents = idents
        self._alone = alone
        self._interval = sys.getswitchinterval()
        self._stop = _thread.allocate_lock()
        self._thread = threading.Thread(target=self._main, name="parallelism-sampler", daemon=True)
        self._samples = 0
        self._gil_waits: list[float] = []
        self._seen: dict[Key, Seen] = {}
        self._places: Counter[Place] = Counter()

    def start(self) -> None:
        """Begin to sample."""
        if self._alone:
            sys.setswitchinterval(min(self._interval, OFTEN))
        self._stop.acquire()
        self._thread.start()

    def stop(self) -> None:
        """End the sampling thread; returns when it has ended (it never waits for longer than its period)."""
        if self._alone:
            sys.setswitchinterval(self._interval)
        if self._stop.locked():
            self._stop.release()
        if self._thread.ident is not None:
            self._thread.join(1.0)

    def profile(self) -> SampleCounts:
        """Return what was seen."""
        return SampleCounts(self._samples, tuple(self._gil_waits), tuple(self._seen.values()), self._places)

    def _main(self) -> None:
        before = stamp()
        while not self._stop.acquire(timeout=PERIOD):
            after = stamp_end()
            # The clocks are read with the GIL held: what exceeds the period and is no run delay was the
            # queue for it.
            waited = usage(before, after).blocked - PERIOD
            idents = self._idents()
            if self._alone:
                self._place(idents)
            elif len(idents) >= 2:
                self._gil_waits.append(max(0.0, waited))
                self._sample(idents)
            before = stamp()

    def _place(self, idents: Sequence[int]) -> None:
        frames = sys._current_frames()
        for ident in idents:
            frame = frames.get(ident)
            shown = callers_frame(frame) if frame is not None else None
            if shown is not None:
                self._places[shown.f_code.co_filename, shown.f_code.co_qualname, shown.f_lineno or 0] += 1

    def _sample(self, idents: Sequence[int]) -> None:
        self._samples += 1
        frames = sys._current_frames()
        standing: dict[int, list[Waiting]] = {}
        for ident in idents:
            frame = frames.get(ident)
            waiting = waiting_at(frame) if frame is not None else None
            if waiting is not None:
                standing.setdefault(id(waiting.lock), []).append(waiting)
        longest: dict[Key, tuple[int, Waiting]] = {}
        for queue in standing.values():
            # Of those who stand at a lock that is free just now one is about to get it.
            waiters = min(len(queue), len(idents) - 1) if is_held(queue[0].lock) else len(queue) - 1
            key = (queue[0].at, queue[0].expression)
            if waiters > longest.get(key, (0, None))[0]:
                longest[key] = (waiters, queue[0])
        for key, (waiters, waiting) in longest.items():
            first, count, depth = self._seen.get(key, (waiting, 0, 0.0))
            self._seen[key] = (first, count + 1, depth + waiters / (len(idents) - 1))


class SampleCounts:
    """Counts of one or several sampled rounds; they can be added."""

    def __init__(
        self,
        samples: int = 0,
        gil_waits: Sequence[float] = (),
        seen: Sequence[Seen] = (),
        places: Mapping[Place, int] | None = None,
    ) -> None:
        self.samples = samples
        self.gil_waits = tuple(gil_waits)
        self.seen = tuple(seen)
        self.places = Counter(places or {})

    def __add__(self, other: SampleCounts) -> SampleCounts:
        merged: dict[Key, Seen] = {(each[0].at, each[0].expression): each for each in self.seen}
        for waiting, number, depth in other.seen:
            key = (waiting.at, waiting.expression)
            first, count, sum_of_depths = merged.get(key, (waiting, 0, 0.0))
            merged[key] = (first, count + number, sum_of_depths + depth)
        return SampleCounts(
            self.samples + other.samples,
            self.gil_waits + other.gil_waits,
            tuple(merged.values()),
            self.places + other.places,
        )

    def profile(self) -> Profile:
        """Return the shares, and where each lock was created."""
        if not self.samples:
            return Profile()
        locks = tuple(
            LockUse(
                waiting.expression,
                count / self.samples,
                depth / self.samples,
                waiting.at,
                created_at(waiting),
            )
            for waiting, count, depth in sorted(self.seen, key=lambda each: -each[2])
        )
        queued = sum(wait > QUEUED for wait in self.gil_waits) / max(1, len(self.gil_waits))
        return Profile(self.samples, queued, locks, hottest(self.places))


def hottest(places: Mapping[Place, int]) -> Hot | None:
    """Return the function that was seen most often, at the line where it was; None where nothing was seen."""
    functions: Counter[tuple[str, str]] = Counter()
    for (path, function, _line), count in places.items():
        functions[path, function] += count
    if not functions:
        return None
    (path, function), most = max(functions.items(), key=lambda item: (item[1], item[0]))
    lines = {line: count for (where, name, line), count in places.items() if (where, name) == (path, function)}
    line = max(lines, key=lambda each: (lines[each], -each))
    return Hot(function, path, line, most / functions.total())
