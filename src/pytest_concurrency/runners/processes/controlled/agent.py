"""The worker's side: says what is about to happen, waits for its turn, says what has happened."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time
import types
from _thread import get_ident
from collections.abc import Callable, Iterator
from typing import Any

from ....source import PACKAGE
from ....trace.workers import TEST
from .places import CALL, LOCK, Place, place_of, tell
from .values import full, shown
from .wire import FREE, RUN, TIMED_OUT, Channel

GONE = 70
"""Status with which a worker ends when the conductor is gone."""
_LIBRARY = os.path.dirname(os.__file__) + os.sep
_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep
_ENTRY = _OURS + "worker.py"
_FEEDER = "QueueFeederThread"
_monotonic = time.monotonic


class Agent:
    """Speaks for the one thread of this process that is controlled; for none (``on``) before :meth:`begin`.

    ``silent`` are the keys of places that need not be announced. ``quiet`` is above 0 inside an operation that was
    announced as a whole: then nothing is announced, but what would block still parks. ``adopts``: processes that this
    one forks become workers, too. ``listed``: the program looks into directories. ``semaphores`` are the handles of
    those that workers have made, and which worker did.
    """

    channel: Channel

    def __init__(self, rootdir: str, adopts: bool = False) -> None:
        self.path = ""
        self.rootdir = rootdir
        self.silent: frozenset[str] = frozenset()
        self.quiet = 0
        self.on = False
        self.now = 0.0
        self.children = 0
        self.adopts = adopts
        self.listed = False
        self.semaphores: dict[int, str] = {}
        self._born: tuple[str, socket.socket] | None = None
        self._busy = False
        self._ident = 0
        self._free = 0
        self._results: list[tuple[Any, ...]] = []

    # -- the life of a worker

    def begin(self, channel: Channel, path: str) -> None:
        """Be the worker ``path`` from now on; return when it is its turn for the first time."""
        self.channel = channel
        self.path = path
        self._ident = get_ident()
        self.on = True
        self._await_turn()

    def end(self, failure: tuple[Any, ...] | None = None, leaves: bool = False) -> None:
        """Say that the worker has done its work, and whether it ``leaves`` at once; nothing is controlled any more."""
        self.on = False
        self._send(("done", failure, leaves))

    def here(self) -> bool:
        """Say whether the calling thread is the controlled one, in code whose operations count."""
        return self.on and not self._busy and get_ident() == self._ident

    @contextlib.contextmanager
    def as_one(self) -> Iterator[None]:
        """Announce nothing within: it is part of an operation that was announced."""
        self.quiet += 1
        try:
            yield
        finally:
            self.quiet -= 1

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Let everything within pass the hooks by: the engine's own looks at things."""
        before, self._busy = self._busy, True
        try:
            yield
        finally:
            self._busy = before

    # -- operations

    def announce(
        self, frame: types.FrameType | None, kind: str, action: str, loc: Any, key: Any = None, *,
        write: bool, name: str = "",
    ) -> Place | None:  # fmt: skip
        """Say what is about to happen and return when it may; None where it need not or cannot be said."""
        if self.quiet:
            return None
        with self.aside():
            place = place_of(frame, self.rootdir, kind, action, name)
            if place is None or place.key in self.silent:
                return place
            message = ("at", tell(place), loc, loc if key is None else key, write)
            if self._free:
                self._free -= 1
                self._send(message)
            else:
                self._wait(message)
        return place

    def did(self, place: Place | None, loc: Any, key: Any, write: bool, value: Any, **more: Any) -> None:
        """Note the value that was read or written; told with the next message."""
        if place is not None:
            with self.aside():
                compared = "" if more.get("row_only") else full(value)
                self._results.append(("did", tell(place), loc, loc if key is None else key, write, shown(value),
                                      compared, more))  # fmt: skip

    def called(self, place: Place | None, loc: Any, value: Any = "") -> None:
        """Note that a call that orders workers has been made, with what it gave; for the report only."""
        if place is not None and place.kind == CALL and not self.quiet:
            self.did(place, loc, None, False, value, looks=True, row_only=True)

    def taken(self, place: Place | None, loc: Any, name: str) -> None:
        """Note that a lock has been taken."""
        self._results.append(("taken", tell(place), loc, name))

    def freed(self, loc: Any) -> None:
        """Note that what others may wait for at ``loc`` may be there now."""
        self._results.append(("freed", loc))

    def signalled(self, loc: Any) -> None:
        """Note a notification."""
        self._results.append(("signalled", loc))

    def died(self, death: Any) -> None:
        """Note what this worker is dying of."""
        self._results.append(("died", death))

    def asked(self, pid: int | None) -> None:
        """Note that somebody has seen how the process ``pid`` ended, or (None) that a pipe did."""
        self._results.append(("asked", pid))

    def made(self, segment: str, tracker: Any) -> None:
        """Note that shared memory was made that has a name, and which resource tracker was told."""
        self._results.append(("made", segment, tracker))

    def note(self, text: str) -> None:
        """Note something that was not looked at."""
        self._results.append(("note", text))

    def park(self, loc: Any, deadline: float | None, what: str = "") -> bool:
        """Wait until somebody has freed ``loc``; return False where the virtual ``deadline`` came first."""
        with self.aside():
            frame = sys._getframe(1)
            operation = what or _operation(frame)
            place = place_of(frame, self.rootdir, CALL, "wait")
            turn = self._wait(("blocked", tell(place), loc, operation, deadline, _is_alone()))
        return turn != TIMED_OUT

    def acquire(
        self, attempt: Callable[[], bool], loc: Any, block: bool, timeout: float | None, what: str = ""
    ) -> bool:
        """Repeat ``attempt`` until it succeeds, parked in between; ``timeout`` in seconds of virtual time."""
        if attempt():
            return True
        if not block or (timeout is not None and timeout <= 0):
            return False
        deadline = None if timeout is None else self.now + timeout
        while True:
            in_time = self.park(loc, deadline, what)
            if attempt():
                return True
            if not in_time:
                return False

    # -- processes started by this one

    def before_fork(self) -> None:
        """Called before a fork: where it is the controlled thread that forks, tell the conductor of the worker to come
        and how it can be reached."""
        if not self.here():
            return
        if not self.adopts:
            self.note("a worker started a process of its own, which was not controlled while exploring")
            return
        path = f"{self.path}.{self.children}" if self.path != TEST else str(self.children)
        self.children += 1
        self._free = 0  # it is no longer the only one
        theirs, ours = socket.socketpair()
        try:
            self.channel.send_end(("fork", path, self._taken_results()), theirs)
        except OSError:
            os._exit(GONE)
        theirs.close()
        self._born = path, ours

    def after_fork(self) -> None:
        """Called in the forking process afterwards."""
        if self._born is not None:
            self._born[1].close()
            self._born = None

    def in_child(self) -> None:
        """Called in the forked process: it is a worker of its own, or nobody's."""
        self.on = False
        self.channel.close()
        if self._born is None:
            return
        path, end = self._born
        self._born = None
        self._results = []
        self.children = self.quiet = 0
        self._busy = False
        self.channel = Channel(end)
        self._send(("hello", os.getpid()))
        self.begin(self.channel, path)

    # -- the wire

    def _wait(self, message: tuple[Any, ...]) -> bytes:
        self._send(message)
        return self._await_turn()

    def _await_turn(self) -> bytes:
        turn = self.channel.receive_turn()
        if turn is None:
            os._exit(GONE)
        self.now = turn[1]
        self._free = FREE if turn[0] == RUN else 0
        return turn[0]

    def _taken_results(self) -> list[tuple[Any, ...]]:
        results, self._results = self._results, []
        return results

    def _send(self, message: tuple[Any, ...]) -> None:
        try:
            self.channel.send((*message, self._taken_results()))
        except OSError:
            os._exit(GONE)


def _is_alone() -> bool:
    """Say whether nothing in this process could end a wait: no thread of the program's own, and no alarm."""
    threads = [t for t in threading.enumerate() if not t.name.startswith(_FEEDER) and t is not threading.main_thread()]
    return not threads and not signal.getitimer(signal.ITIMER_REAL)[0]


def _operation(frame: types.FrameType | None) -> str:
    """Return the outermost function of the library's synchronisation on the stack: what the program called."""
    found = ""
    while frame is not None:
        path = frame.f_code.co_filename
        if _is_entry(frame):
            break
        if path.startswith(_LIBRARY):
            found = frame.f_code.co_qualname
        elif not path.startswith(PACKAGE):
            break
        frame = frame.f_back
    return found


def _is_entry(frame: types.FrameType) -> bool:
    """Say whether it is this frame that calls what the program wants a worker to do."""
    return frame.f_code.co_filename == _ENTRY or frame.f_code.co_qualname == "BaseProcess.run"


def is_from_program(frame: types.FrameType | None) -> bool:
    """Say whether the project's own code is the direct caller, no library in between, and not one of these hooks.

    It is, too, where the worker was given the method itself: ``process_runner.run(barrier.wait, barrier.wait)``.
    """
    if frame is None:
        return False
    return _is_entry(frame) or not frame.f_code.co_filename.startswith((_LIBRARY, _OURS))


__all__ = ["CALL", "LOCK", "Agent", "is_from_program"]
