"""Keeps pytest's own process unpatched while it collects a greenlet test whose module calls ``patch_all`` itself.

The module is imported here only to be collected; it is imported again, and patches, in its worker process. gevent asks
its subscribers before it patches and takes :exc:`gevent.events.DoNotPatch` for an answer. A finder on ``sys.meta_path``
notices the import of gevent's patching, so that gevent is never imported on our account.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import FrameType, ModuleType
from typing import Any

_MARKS = ("stress_greenlets", "greenlet_runner")
_PATCHING = "gevent.monkey"


class Guard:
    """Refuses patching on behalf of greenlet tests; ``patching_modules`` are the files of tests that asked for it."""

    def __init__(self) -> None:
        self.patching_modules: set[str] = set()
        self._verdicts: dict[str, bool] = {}
        self._subscribed = False

    def install(self) -> None:
        """Begin to listen."""
        if _PATCHING in sys.modules:
            self._subscribe()
        else:
            sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Listen no longer and leave nothing behind."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        events = sys.modules.get("gevent.events")
        if self._subscribed and events is not None and self._on_event in events.subscribers:
            events.subscribers.remove(self._on_event)
        self._subscribed = False

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> None:
        """Find nothing; notice the import of gevent's patching."""
        if name == _PATCHING:
            sys.meta_path.remove(self)
            self._subscribe()

    def _subscribe(self) -> None:
        from gevent import events

        events.subscribers.append(self._on_event)
        self._subscribed = True

    def _on_event(self, event: Any) -> None:
        if not type(event).__name__.startswith("GeventWillPatch"):
            return
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_name == "<module>" and self._holds_greenlet_tests(frame.f_code.co_filename):
                from gevent.events import DoNotPatch

                self.patching_modules.add(frame.f_code.co_filename)
                raise DoNotPatch
            frame = frame.f_back

    def _holds_greenlet_tests(self, path: str) -> bool:
        if path not in self._verdicts:
            try:
                with open(path, encoding="utf-8", errors="replace") as stream:
                    text = stream.read()
            except OSError:
                text = ""
            self._verdicts[path] = any(mark in text for mark in _MARKS)
        return self._verdicts[path]
