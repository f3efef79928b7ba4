"""Exceptions that only the hub sees: of its callbacks (links, timers), and of greenlets that gevent's servers spawn.

gevent prints them and goes on. That may be all that is wanted, so that they make a note and no finding.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from .places import is_user_file

_MOST = 5


class Unseen:
    """Listens from :meth:`start` to :meth:`stop` to what is handed to the hub; ``is_told`` says of a greenlet whether
    its death is reported anyway."""

    def __init__(self, is_told: Callable[[object], bool]) -> None:
        self.errors: dict[tuple[str, int], str] = {}
        self._is_told = is_told
        self._hub: Any = None
        self._handle: Any = None

    def start(self) -> None:
        """Begin; gevent's own handling goes on as before."""
        import gevent

        self._hub = gevent.get_hub()
        self._handle = self._hub.handle_error
        self._hub.handle_error = self._came

    def stop(self) -> None:
        """End; nothing stays behind."""
        if self._hub is not None and vars(self._hub).get("handle_error") == self._came:
            del self._hub.handle_error
        self._hub = self._handle = None

    def _came(self, context: Any, kind: Any, value: Any, trace: Any) -> Any:
        if isinstance(value, Exception) and not self._is_told(context) and len(self.errors) < _MOST:
            frames = [f for f in traceback.extract_tb(trace) if is_user_file(f.filename)]
            if frames and frames[-1].lineno is not None:
                place = frames[-1].filename, frames[-1].lineno
                self.errors.setdefault(place, f"{type(value).__name__}: {value}".rstrip(": ").partition("\n")[0])
        return self._handle(context, kind, value, trace)
