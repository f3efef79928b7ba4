"""Messages between the pytest process and its worker process: pickled, with their length before them, on pipes.

Both ends are ours and run the same code. The pytest process waits for ever only while a fixture runs, as pytest itself
does. ``os.read`` and ``os.write`` are used as they are: gevent does not replace them, so the worker's side neither
needs nor starts a hub.
"""

from __future__ import annotations

import os
import pickle
import selectors
import struct
from contextlib import suppress
from typing import Any

from ...realtime import RealTime

_HEADER = struct.Struct("!Q")


class Closed(Exception):
    """The other end is gone."""


class Expired(Exception):
    """No message came in time."""


class Channel:
    """One end: reads from ``incoming`` and writes to ``outgoing``, two file descriptors that it owns."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._buffer = bytearray()

    def send(self, *message: Any) -> None:
        """Send one message; raise :class:`Closed` where nobody can read it any more."""
        data = pickle.dumps(message)
        view = memoryview(_HEADER.pack(len(data)) + data)
        try:
            while view:
                view = view[os.write(self._outgoing, view) :]
        except OSError:
            raise Closed from None

    def receive(self, timeout: float | None = None) -> tuple[Any, ...]:
        """Return the next message.

        ``timeout`` in seconds to the beginning of the message; None waits for ever (an end of file wakes who waits when
        the other end is gone). Raise :class:`Expired` or :class:`Closed`.
        """
        deadline = None if timeout is None else RealTime.monotonic() + timeout
        while (message := self._complete()) is None:
            if deadline is not None:
                self._wait(deadline - RealTime.monotonic())
            try:
                data = os.read(self._incoming, 1 << 16)
            except OSError:
                raise Closed from None
            if not data:
                raise Closed
            self._buffer += data
        return message

    def _complete(self) -> tuple[Any, ...] | None:
        if len(self._buffer) < _HEADER.size:
            return None
        (length,) = _HEADER.unpack_from(self._buffer)
        end = _HEADER.size + length
        if len(self._buffer) < end:
            return None
        message: tuple[Any, ...] = pickle.loads(bytes(self._buffer[_HEADER.size : end]))
        del self._buffer[:end]
        return message

    def _wait(self, seconds: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._incoming, selectors.EVENT_READ)
            if seconds <= 0 or not selector.select(seconds):
                raise Expired

    def close(self) -> None:
        """Close both descriptors; the other end sees an end of file."""
        for descriptor in {self._incoming, self._outgoing}:
            with suppress(OSError):
                os.close(descriptor)
