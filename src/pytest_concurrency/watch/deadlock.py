"""Telling a deadlock between processes before its time-out: every thread of every one waits, without limit, for
another.

Only waits that nothing outside can end count: a join of a process, a lock, a pipe between the processes, an event or a
notification where no timer and no thread of C could bring it. One thread that does anything else (sleeps, listens,
computes, waits with a limit) is enough not to call it a deadlock.
"""

from __future__ import annotations

import os
import re
import sys
import threading
import types
from typing import TYPE_CHECKING

from ..source import PACKAGE
from . import stacks, tree

if TYPE_CHECKING:
    from .watch import Watch

_CONFIRM = 3
_FRAME = re.compile(r'^\s*File "(?P<path>[^"]*)", line \d+,? in (?P<name>\S+)')
Frames = list[tuple[str, str]]


class Suspicion:
    """Looks at the processes now and then; the same complete standstill several times running is a deadlock."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._seen: object = None
        self._times = 0

    def is_deadlock(self, frame: types.FrameType | None) -> bool:
        """Return whether nothing has moved since the last looks and every thread is in an endless wait."""
        state = self._standstill(frame)
        self._times = self._times + 1 if state is not None and state == self._seen else 0
        self._seen = state
        if state is None or self._times < _CONFIRM - 1:
            return False
        return self._all_wait_for_ever()

    def _standstill(self, frame: types.FrameType | None) -> object:
        if not waits_for_ever(_frames_of(frame), self._is_left_alone() and _has_no_limit(frame)):
            return None
        below = {pid: info for pid, info in tree.descendants().items() if info.alive and pid not in tree.helpers()}
        if any(not self._watch.may_end(pid) or not tree.is_asleep(pid) for pid in below):
            return None
        return tuple(sorted((pid, info.started, info.ticks) for pid, info in below.items()))

    def _all_wait_for_ever(self) -> bool:
        current = sys._current_frames()
        current.pop(threading.get_ident(), None)
        for thread in threading.enumerate():
            top = current.get(thread.ident or 0)
            if thread is not threading.main_thread() and not waits_for_ever(_frames_of(top), _has_no_limit(top)):
                return False
        for pid, info in tree.descendants().items():
            if not info.alive or pid in tree.helpers():
                continue
            threads = parse_threads(stacks.request(self._watch.directory, pid))
            unlimited = tree.waits_without_limit(pid) and not tree.may_have_alarms(pid)
            unlimited = unlimited and tree.threads_of(pid) == len(threads)
            if not threads or not all(waits_for_ever(frames, unlimited) for frames in threads):
                return False
        return True

    def _is_left_alone(self) -> bool:
        """Say whether no timer of the program's and no thread of C may wake this process."""
        return not self._watch.has_alarm and tree.threads_of(os.getpid()) == len(sys._current_frames())


def _has_no_limit(frame: types.FrameType | None) -> bool:
    """Say whether ``frame`` is in a wait of a condition of multiprocessing's, without a limit."""
    while frame is not None and frame.f_globals.get("__name__") != "multiprocessing.synchronize":
        frame = frame.f_back
    return frame is not None and frame.f_locals.get("timeout", 0) is None


def _frames_of(frame: types.FrameType | None) -> Frames:
    frames = []
    while frame is not None:
        frames.append((frame.f_code.co_filename, frame.f_code.co_name))
        frame = frame.f_back
    return frames


def parse_threads(text: str) -> list[Frames]:
    """Return the frames, innermost first, of each thread in a dump of faulthandler."""
    threads: list[Frames] = []
    for line in text.splitlines():
        if line.startswith(("Thread 0x", "Current thread 0x")):
            threads.append([])
        match = _FRAME.match(line)
        if match and threads:
            threads[-1].append((match["path"], match["name"]))
    return threads


def waits_for_ever(frames: Frames, unlimited: bool = False) -> bool:
    """Return whether the innermost frames (first) are a wait that has no limit and that only a process can end.

    ``unlimited``: that is known of a wait for an event or a notification, whose frames do not tell.
    """
    frames = [frame for frame in frames if not frame[0].startswith(PACKAGE)]
    if not frames:
        return False
    names = [(os.path.basename(path), name) for path, name in frames[:5]]
    inside = [os.path.basename(os.path.dirname(path)) == "multiprocessing" for path, _ in frames[:5]]
    if any((os.path.basename(path), name) in _ASKING for path, name in frames):
        return False  # of the fork server, which answers when it has started
    first = names[0]
    if inside[0] and first in _ENDLESS:
        return True
    if first == ("synchronize.py", "wait") and inside[0]:
        return unlimited or (len(names) > 1 and names[1] == ("queues.py", "join"))
    if first[0] == "threading.py":
        return ("queues.py", "_finalize_join") in names or ("queues.py", "_feed") in names
    return first == ("queues.py", "_feed") and inside[0]


_ASKING = frozenset(("forkserver.py", name) for name in ("connect_to_new_process", "ensure_running", "read_signed"))
_ENDLESS = frozenset(
    {
        ("popen_fork.py", "poll"),
        ("connection.py", "_recv"),
        ("connection.py", "_send"),
        ("synchronize.py", "__enter__"),
    }
)
