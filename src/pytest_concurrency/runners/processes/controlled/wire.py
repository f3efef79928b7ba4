"""Messages between a worker and the conductor: length, then a pickled tuple of plain values."""

from __future__ import annotations

import pickle
import socket
import struct
from typing import Any

_LENGTH = struct.Struct("<I")
_TURN = struct.Struct("<cd")
GO, TIMED_OUT, RUN = b"g", b"t", b"r"
"""What a worker is told when it is its turn: go on (and try again what blocked); your wait has timed out; go on and
do not wait for your turn at the next :data:`FREE` operations either: nobody would interrupt you."""
FREE = 100


class Channel:
    """One end of a connected stream socket; ``carries``: descriptors may come with messages."""

    def __init__(self, end: socket.socket, carries: bool = True) -> None:
        self.end = end
        self.carries = carries
        self.ends: list[int] = []  # descriptors that came with messages
        self._buffer = b""

    def fileno(self) -> int:
        """Return the descriptor, for polling."""
        return self.end.fileno()

    def send(self, message: tuple[Any, ...]) -> None:
        """Send ``message``; raise OSError where nobody listens any more."""
        data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        self.end.sendall(_LENGTH.pack(len(data)) + data)

    def send_end(self, message: tuple[Any, ...], end: socket.socket) -> None:
        """Send ``message`` with one end of another channel."""
        data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        data = _LENGTH.pack(len(data)) + data
        sent = socket.send_fds(self.end, [data], [end.fileno()])
        self.end.sendall(data[sent:])

    def receive(self) -> tuple[Any, ...] | None:
        """Return the next message, None at the end; waits until it is there."""
        while True:
            if len(self._buffer) >= 4:
                (length,) = _LENGTH.unpack_from(self._buffer)
                if len(self._buffer) >= 4 + length:
                    data = self._buffer[4 : 4 + length]
                    self._buffer = self._buffer[4 + length :]
                    message: tuple[Any, ...] = pickle.loads(data)
                    return message
            try:
                if self.carries:
                    more, ends, _, _ = socket.recv_fds(self.end, 65536, 8)
                    self.ends += ends
                else:
                    more = self.end.recv(16384)
            except OSError:
                return None
            if not more:
                return None
            self._buffer += more

    def has_message(self) -> bool:
        """Say whether a whole message has been read already."""
        return len(self._buffer) >= 4 and len(self._buffer) >= 4 + _LENGTH.unpack_from(self._buffer)[0]

    def send_turn(self, turn: bytes, now: float) -> None:
        """Tell a worker to go on; ``now`` is the virtual time in seconds."""
        self.end.sendall(_TURN.pack(turn, now))

    def receive_turn(self) -> tuple[bytes, float] | None:
        """Wait for a turn; None where the conductor is gone."""
        data = b""
        while len(data) < _TURN.size:
            try:
                more = self.end.recv(_TURN.size - len(data))
            except OSError:
                return None
            if not more:
                return None
            data += more
        turn, now = _TURN.unpack(data)
        return turn, now

    def close(self) -> None:
        """Close this end."""
        self.end.close()
