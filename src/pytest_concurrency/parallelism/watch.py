"""Logs who starts and joins which thread, process or executor task while a body runs; nothing stays patched."""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import Any

from ..project import is_standard
from ..realtime import RealTime
from .clocks import Stamp, quick_stamp, stamp, stamp_end, usage
from .spawns import Line, Spawn

_OWN = os.path.normcase(os.path.dirname(__file__)) + os.sep


@dataclass(slots=True)
class Entry:
    """One worker: who started it when, what was seen of its join, and the clocks of its run (threads)."""

    worker: object
    kind: str
    site: tuple[Line, ...]
    spawner: int
    asked: Stamp
    started: Stamp | None = None
    resumed: int = 0
    join_asked: Stamp | None = None
    joined: Stamp | None = None
    watchdog: bool = False
    ident: int = 0
    begun: Stamp | None = None
    ended: Stamp | None = None

    def spawn(self) -> Spawn | None:
        if self.started is None:
            return None
        done = self.join_asked is not None and self.joined is not None and not self.watchdog
        return Spawn(
            kind=self.kind,
            site=self.site,
            spawner=self.spawner,
            asked=self.asked.wall / 1e9,
            started=max(self.started.wall, self.resumed) / 1e9,
            join_asked=self.join_asked.wall / 1e9 if done and self.join_asked is not None else None,
            joined=self.joined.wall / 1e9 if done and self.joined is not None else None,
            work=usage(self.begun, self.ended).demand if self.begun and self.ended else None,
            cost=(self.started.cpu - self.asked.cpu) / 1e9,
        )


@dataclass(slots=True)
class Log:
    """The log of one watch; :attr:`spawns` may be read once the watch is over. ``library`` counts the workers that the
    standard library has started for itself."""

    entries: list[Entry] = field(default_factory=list)
    library: int = 0
    before_start: Callable[[], None] = field(default=lambda: None)
    after_start: Callable[[threading.Thread], None] = field(default=lambda thread: None)

    @property
    def spawns(self) -> tuple[Spawn, ...]:
        """What was started, in order."""
        made = (entry.spawn() for entry in self.entries)
        return tuple(spawn for spawn in made if spawn is not None)


@contextmanager
def watch(
    after_start: Callable[[threading.Thread], None] = lambda thread: None,
    before_start: Callable[[], None] = lambda: None,
) -> Iterator[Log]:
    """Log the threads, processes and executor tasks that any thread starts inside the ``with`` block.

    ``before_start`` is called by the spawner before it starts a thread, ``after_start`` as soon as that has started.
    """
    log = Log(before_start=before_start, after_start=after_start)
    undo: list[Callable[[], None]] = []
    try:
        _patch(undo, threading.Thread, "start", functools.partial(_start, log, "thread"))
        _patch(undo, threading.Thread, "join", functools.partial(_join, log))
        from multiprocessing.process import BaseProcess

        _patch(undo, BaseProcess, "start", functools.partial(_start, log, "process"))
        _patch(undo, BaseProcess, "join", functools.partial(_join, log))
        from concurrent import futures

        _patch(undo, futures.ThreadPoolExecutor, "submit", functools.partial(_submit, log))
        _patch(undo, futures.ProcessPoolExecutor, "submit", functools.partial(_submit, log))
        _patch(undo, futures.Future, "result", functools.partial(_join, log))
        yield log
    finally:
        for step in reversed(undo):
            step()


def _patch(undo: list[Callable[[], None]], cls: type, name: str, around: Callable[..., Any]) -> None:
    original = cls.__dict__[name]

    @functools.wraps(original)
    def replacement(*args: Any, **kwargs: Any) -> Any:
        return around(original, *args, **kwargs)

    setattr(cls, name, replacement)
    undo.append(functools.partial(setattr, cls, name, original))


def _start(log: Log, kind: str, original: Callable[..., Any], worker: Any, /, *args: Any, **kwargs: Any) -> Any:
    site = _site(sys._getframe(2))
    if not site:
        log.library += 1
        return original(worker, *args, **kwargs)
    entry = Entry(worker, kind, site, threading.get_ident(), quick_stamp())
    if kind == "thread":
        _time_run(worker, entry)
        log.before_start()
    log.entries.append(entry)
    result = original(worker, *args, **kwargs)
    entry.started = quick_stamp()
    if kind == "thread":
        log.after_start(worker)
    entry.resumed = RealTime.perf_counter_ns()
    return result


def _time_run(worker: Any, entry: Entry) -> None:
    run = worker.run

    def timed() -> None:
        worker.__dict__.pop("run", None)
        entry.ident = threading.get_ident()
        entry.begun = stamp()
        try:
            run()
        finally:
            entry.ended = stamp_end()

    if "run" not in worker.__dict__:
        worker.run = timed


def _join(log: Log, original: Callable[..., Any], worker: Any, timeout: float | None = None) -> Any:
    asked = RealTime.perf_counter_ns()
    entry = next((each for each in reversed(log.entries) if each.worker is worker), None)
    if entry is None or entry.spawner != threading.get_ident() or entry.joined is not None:
        return original(worker, timeout)
    if timeout is not None:
        entry.watchdog = True
        return original(worker, timeout)
    entry.join_asked = replace(quick_stamp(), wall=asked)
    try:
        return original(worker)
    finally:
        entry.joined = quick_stamp()


def _submit(log: Log, original: Callable[..., Any], pool: Any, /, *args: Any, **kwargs: Any) -> Any:
    site = _site(sys._getframe(2))
    # A pool of one worker takes its tasks in turns on purpose.
    if not site or getattr(pool, "_max_workers", None) == 1:
        return original(pool, *args, **kwargs)
    asked = quick_stamp()
    future = original(pool, *args, **kwargs)
    entry = Entry(future, "task", site, threading.get_ident(), asked, quick_stamp())
    log.entries.append(entry)
    entry.resumed = RealTime.perf_counter_ns()
    return future


def _site(caller: FrameType | None) -> tuple[Line, ...]:
    """Return the lines from the outermost frame to the caller, or () where the standard library starts a worker.

    Threads that a pool or a queue starts for itself are no workers of the user's.
    """
    if caller is None or is_standard(caller.f_code.co_filename):
        return ()
    lines: list[Line] = []
    here: FrameType | None = caller
    while here is not None:
        path = here.f_code.co_filename
        if not is_standard(path) and not os.path.normcase(path).startswith(_OWN):
            lines.append((path, here.f_lineno or 0))
        here = here.f_back
    return tuple(reversed(lines))
