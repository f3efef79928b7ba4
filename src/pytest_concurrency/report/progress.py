"""A live line on the terminal for a test that is being explored; nothing anywhere else.

It is written behind what pytest has written for the test, never past the end of the line, and taken away again before
pytest writes on. No thread: the explorer ticks after each schedule, and at most five ticks a second write.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from typing import TextIO

import pytest

from ..realtime import RealTime
from .width import columns

EVERY = 0.2
FIRST = 0.5
"""Seconds after which a test is worth a line."""
MOST_DISTINCT = 10_000


class Progress:
    """The live line of one test: ``total`` schedules in at most ``seconds``.

    ``room`` is the number of columns that are free on the line, ``clock`` is in seconds; ``uncaptured`` gives a context
    in which what is written to ``stream`` comes to the terminal.
    """

    def __init__(
        self,
        stream: TextIO,
        room: int,
        total: int,
        seconds: float,
        noun: str = "schedules",
        clock: Callable[[], float] = RealTime.monotonic,
        uncaptured: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._uncaptured = uncaptured
        self._stream = stream
        self._room = room
        self._total = total
        self._seconds = seconds
        self._noun = noun
        self._clock = clock
        self._began = clock()
        self._due = self._began + FIRST
        self._shown = 0
        self._seen: set[int] = set()

    def tick(self, done: int, interleaving: Hashable = None) -> None:
        """Note that ``done`` schedules are done, the last one with this ``interleaving`` (None: not to be told)."""
        if interleaving is not None and len(self._seen) < MOST_DISTINCT:
            self._seen.add(hash(interleaving))
        now = self._clock()
        if now < self._due:
            return
        self._due = now + EVERY
        self._write(self._text(done, now - self._began))

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            self._write("")

    def _text(self, done: int, spent: float) -> str:
        """Return the longest text that fits, "" where none does."""
        rate = done / spent
        done = min(done, self._total)
        left = max(0.0, min(self._seconds - spent, (self._total - done) / rate if rate else self._seconds))
        count = f"{done}/{self._total} {self._noun}"
        speed = f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s"
        more = "+" if len(self._seen) >= MOST_DISTINCT else ""
        distinct = [f"{min(len(self._seen), done):,}{more} distinct"] if self._seen else []
        ends = f"{left:.0f} s left"
        for parts in ([count, speed, *distinct, ends], [count, ends], [f"{done}/{self._total}"]):
            text = f"[{', '.join(parts)}]"
            if len(text) <= self._room:
                return text
        return ""

    def _write(self, text: str) -> None:
        back = f"\x1b[{self._shown}D\x1b[K" if self._shown else ""
        self._shown = len(text)
        try:
            with self._uncaptured():
                self._stream.write(back + text)
                self._stream.flush()
        except (OSError, ValueError):  # the terminal is gone; that is not the test's fault
            self._room = self._shown = 0


def progress_for(config: pytest.Config, total: int, seconds: float, noun: str = "schedules") -> Progress | None:
    """Return the live line of the test that runs now, or None where it would be in the way.

    That is anywhere but on a terminal that can move its cursor; with ``-q``; where the test's own output goes to the
    terminal, too (``-s``, live logs); in workers of pytest-xdist; and under plugins that draw the terminal themselves.
    """
    from _pytest.terminal import TerminalReporter

    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if type(reporter) is not TerminalReporter or not reporter.isatty or os.environ.get("TERM", "dumb") == "dumb":
        return None
    option = config.option
    if option.verbose < 0 or option.capture not in ("fd", "sys") or hasattr(config, "workerinput"):
        return None
    if config.getini("log_cli") or option.log_cli_level is not None or getattr(option, "numprocesses", None):
        return None
    writer = config.get_terminal_writer()
    stream: TextIO | None = getattr(writer, "_file", None)
    capture = config.pluginmanager.get_plugin("capturemanager")
    if stream is None or capture is None:
        return None
    room = columns(config) - writer.width_of_current_line - 1
    return Progress(stream, room, total, seconds, noun, uncaptured=capture.global_and_fixture_disabled)
