"""CH307: a loop that goes on reading from a connection whose peer has closed it."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from typing import Any

from ...hazards import help_text
from ...model import Finding, Location
from .evidence import view_stack
from .places import is_gevent_file, user_frame


class ClosedPeers:
    """Watches gevent's sockets for a second empty read by the same loop, from :meth:`start` to :meth:`stop`."""

    def __init__(self, name_of: Callable[[object], str]) -> None:
        self.loops: dict[tuple[str, int], tuple[str, str, int]] = {}
        self._name_of = name_of
        self._ends: weakref.WeakKeyDictionary[Any, list[Any]] = weakref.WeakKeyDictionary()
        self._undo: list[Callable[[], None]] = []

    def start(self) -> None:
        """Put a look at each empty read between gevent's sockets and their callers."""
        import gevent.socket

        classes = [gevent.socket.socket]
        if "gevent.ssl" in sys.modules:
            classes.append(sys.modules["gevent.ssl"].SSLSocket)
        owners = {next(base for base in cls.__mro__ if "recv" in vars(base)) for cls in classes}
        for cls in owners:
            if cls.__module__.startswith("gevent."):
                self._wrap(cls)

    def stop(self) -> None:
        """Give the classes their own methods back."""
        while self._undo:
            self._undo.pop()()

    def _wrap(self, cls: Any) -> None:
        original = vars(cls)["recv"]
        seen = self._ends

        def recv(sock: Any, *args: Any, **kwargs: Any) -> Any:
            data = original(sock, *args, **kwargs)
            if not data:
                self._empty(sock, args, kwargs)
            elif seen and sock in seen:
                del seen[sock]
            return data

        recv.__name__, recv.__qualname__, recv.__doc__ = "recv", original.__qualname__, original.__doc__
        cls.recv = recv
        self._undo.append(lambda: setattr(cls, "recv", original))

    def _empty(self, sock: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        import socket

        size = args[0] if args else kwargs.get("buflen", kwargs.get("bufsize", 1))
        if size == 0 or len(args) > 1 or kwargs.get("flags") or not sock.type & socket.SOCK_STREAM:
            return
        frame: Any = sys._getframe(1).f_back  # None where recv itself is what the greenlet runs
        while frame is not None and is_gevent_file(frame.f_code.co_filename):
            frame = frame.f_back
        if frame is None:
            return
        # The same call of the same activation, reached from the same call: a loop, not two callers.
        outer = frame.f_back
        mark = (id(frame), frame.f_lasti, id(outer), outer.f_lasti if outer is not None else 0)
        last = self._ends.get(sock)
        if last is None or last[0] != mark:
            self._ends[sock] = [mark, 1]
            return
        last[1] += 1
        stack = view_stack(frame, 0)
        shown = user_frame(stack)
        if shown is not None:
            from gevent import getcurrent

            site = (shown.code.co_filename, shown.line)
            worker, function, count = self.loops.get(site, (self._name_of(getcurrent()), shown.code.co_name, 0))
            self.loops[site] = (worker, function, max(count, last[1]))

    def findings(self, repeat: int, level: str, relative: Callable[[str], str]) -> list[Finding]:
        """Return CH307 for each loop that read again after the end of the stream."""
        found = []
        for (path, line), (worker, function, count) in list(self.loops.items()):  # the loop may go on meanwhile
            shown = relative(path)
            message = (
                f"{shown}:{line}: {function}() went on reading from a connection that the peer had closed: "
                f"recv returned b'' {count} times in a row"
            )
            place = Location(shown, line, worker, "read", "socket.recv", "b''")
            found.append(
                Finding("CH307", message, f"{message}.\n{help_text('CH307')}", level, repeat, locations=(place,))
            )
        return found
