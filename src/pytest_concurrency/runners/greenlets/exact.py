"""Exact mode: times every call of C code in the main thread, for blocks that no sample has explained.

``sys.monitoring`` from 3.12 on (CALL, C_RETURN and C_RAISE with a tool id that is free), ``sys.setprofile`` on 3.11.
Much slower than the watchdog, so it is used for a repeat of its own and never for the first.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from time import perf_counter, thread_time
from typing import Any

from ...monitoring import free_tool
from .evidence import SlowCall, view_stack
from .monitor import Monitor
from .originals import primitive

_TOOL_NAME = "pytest-concurrency greenlets"
_PYTHON = (types.FunctionType, types.MethodType)
_MAX_OPEN = 512


class ExactCalls:
    """Puts the calls of C code that took at least ``threshold`` seconds into ``monitor.slow_calls``."""

    def __init__(self, monitor: Monitor, threshold: float) -> None:
        self._monitor = monitor
        self._threshold = threshold
        self._open: list[tuple[object, int, float, int, float, tuple[int, int], float]] = []
        self._own = 0.0  # seconds that timing has taken so far
        self._ident = primitive("_thread", "get_ident")
        self._main = self._ident()
        self._stop: Callable[[], None] | None = None

    def start(self) -> bool:
        """Begin; return False where no tool id or no profiler slot is free."""
        if sys.version_info < (3, 12):
            return self._start_profile()
        monitoring = sys.monitoring
        tool = free_tool()
        if tool is None:
            return False
        events = monitoring.events
        monitoring.use_tool_id(tool, _TOOL_NAME)
        monitoring.register_callback(tool, events.CALL, self._called)
        monitoring.register_callback(tool, events.C_RETURN, self._returned)
        monitoring.register_callback(tool, events.C_RAISE, self._returned)
        monitoring.set_events(tool, events.CALL | events.C_RETURN | events.C_RAISE)

        def stop() -> None:
            monitoring.set_events(tool, 0)
            for event in (events.CALL, events.C_RETURN, events.C_RAISE):
                monitoring.register_callback(tool, event, None)
            monitoring.free_tool_id(tool)

        self._stop = stop
        return True

    def stop(self) -> None:
        """End; nothing stays registered."""
        if self._stop is not None:
            self._stop()
            self._stop = None
        self._open.clear()

    def _called(self, code: types.CodeType, offset: int, function: object, first: object) -> object:
        if type(function) in _PYTHON or self._ident() != self._main:
            return None
        came = perf_counter()
        if len(self._open) >= _MAX_OPEN:
            del self._open[: _MAX_OPEN // 2]
        before, cpu, began = _switches(), thread_time(), perf_counter()
        self._own += began - came
        self._open.append((code, offset, began, self._monitor.switches, cpu, before, self._own))
        return None

    def _returned(self, code: types.CodeType, offset: int, function: object, first: object) -> object:
        now = perf_counter()
        if self._ident() == self._main:
            self._finish(now, code, offset, function, first, 2)
            self._own += perf_counter() - now
        return None

    def _finish(self, now: float, code: object, offset: int, function: object, first: object, depth: int) -> None:
        opened = self._open
        for index in range(len(opened) - 1, -1, -1):
            at_code, at_offset, began, switches, cpu, before, own = opened[index]
            if at_code is code and at_offset == offset:
                del opened[index:]
                own = self._own - own  # by the calls inside this one
                taken = now - began - own
                if taken >= self._threshold and switches == self._monitor.switches and not _is_python(function):
                    frames = view_stack(sys._getframe(depth))
                    first = None if sys.version_info >= (3, 12) and first is sys.monitoring.MISSING else first
                    after = _switches()
                    slept = after[0] > before[0] and after[1] <= before[1] + 1
                    spent = max(0.0, thread_time() - cpu - own)
                    self._monitor.slow_calls.append(SlowCall(frames, function, first, taken, spent, slept))
                return

    def _start_profile(self) -> bool:
        if sys.getprofile() is not None:
            return False

        def profile(frame: types.FrameType, event: str, function: Any) -> None:
            if event == "c_call":
                self._called(frame.f_code, frame.f_lasti, function, None)
            elif event in ("c_return", "c_exception"):
                now = perf_counter()
                self._finish(now, frame.f_code, frame.f_lasti, function, None, 2)
                self._own += perf_counter() - now

        sys.setprofile(profile)
        self._stop = lambda: sys.setprofile(None)
        return True


def _is_python(function: object) -> bool:
    """Return whether calling ``function`` runs a constructor in Python, whose own calls are timed."""
    if not isinstance(function, type):
        return False
    return any(isinstance(getattr(function, name), types.FunctionType) for name in ("__init__", "__new__"))


def _switches() -> tuple[int, int]:
    """Return how often this thread gave the processor up, and how often it was pushed off it."""
    try:
        import resource

        usage = resource.getrusage(resource.RUSAGE_THREAD)
    except (ImportError, AttributeError):  # not Linux
        return 0, 0
    return usage.ru_nvcsw, usage.ru_nivcsw
