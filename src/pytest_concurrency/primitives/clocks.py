"""``time.sleep`` and the clocks, those of ``datetime`` too, in virtual time for workers and real time for everybody
else."""

from __future__ import annotations

import sys
import time
import types
import warnings
from collections.abc import Callable
from datetime import UTC, date, tzinfo
from typing import Any

from ..runtime.clock import VirtualClock
from ..runtime.polling import ask_clock
from ..runtime.waits import SleepWait
from ..runtime.worker import Detached
from ..state import STATE
from .locks import current_worker

_sleep = time.sleep


def sleep(seconds: float, /) -> None:
    """Park the worker until the virtual clock has moved on by ``seconds``."""
    worker = current_worker()
    if worker is None or not isinstance(seconds, (int, float)) or seconds < 0:
        _sleep(seconds)
        return
    run = STATE.run
    try:
        run.park(worker, SleepWait(run.clock.now + seconds))
    except Detached as detached:
        detached.resident.wait(lambda real: bool(_sleep(max(real, 0.0))), seconds)


def _clock() -> VirtualClock:
    """Return the clock that the worker which runs is about to ask."""
    ask_clock(STATE.run, STATE.worker)
    return STATE.run.clock


def monotonic() -> float:
    """Seconds of the virtual monotonic clock."""
    return _clock().monotonic() if current_worker() is not None else time.monotonic()


def monotonic_ns() -> int:
    """Nanoseconds of the virtual monotonic clock."""
    return int(_clock().monotonic() * 1e9) if current_worker() is not None else time.monotonic_ns()


def perf_counter() -> float:
    """Seconds of the virtual performance counter."""
    return _clock().perf_counter() if current_worker() is not None else time.perf_counter()


def perf_counter_ns() -> int:
    """Nanoseconds of the virtual performance counter."""
    return int(_clock().perf_counter() * 1e9) if current_worker() is not None else time.perf_counter_ns()


def wall_time() -> float:
    """Seconds since the epoch, shifted by the virtual time that has passed."""
    return _clock().time() if current_worker() is not None else time.time()


def wall_time_ns() -> int:
    """Nanoseconds since the epoch, shifted by the virtual time that has passed."""
    return _clock().time_ns() if current_worker() is not None else time.time_ns()


CONTROLLED: dict[str, Callable[..., Any]] = {
    "sleep": sleep,
    "monotonic": monotonic,
    "monotonic_ns": monotonic_ns,
    "perf_counter": perf_counter,
    "perf_counter_ns": perf_counter_ns,
    "time": wall_time,
    "time_ns": wall_time_ns,
}
_REAL: dict[str, Callable[..., Any]] = {name: getattr(time, name) for name in CONTROLLED}


class TimeModule:
    """Stands in for the module ``time`` in one call; a function that somebody has patched stays patched."""

    def __getattr__(self, name: str) -> Any:
        real = getattr(time, name)
        return CONTROLLED[name] if real is _REAL.get(name) else real


TIME = TimeModule()


class CalendarClass:
    """Stands in for ``datetime``, ``date`` or a class derived from them while it is asked for the present."""

    __slots__ = ("_cls",)

    def __init__(self, cls: Any) -> None:
        self._cls = cls

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cls, name)

    def now(self, tz: tzinfo | None = None) -> Any:
        return self._cls.fromtimestamp(wall_time(), tz)

    def utcnow(self) -> Any:
        if sys.version_info >= (3, 12):
            warnings.warn(_UTCNOW, DeprecationWarning, stacklevel=2)
        return self._cls.fromtimestamp(wall_time(), UTC).replace(tzinfo=None)

    def today(self) -> Any:
        return self._cls.fromtimestamp(wall_time())


_UTCNOW = (
    "datetime.datetime.utcnow() is deprecated and scheduled for removal in a future version. "
    "Use timezone-aware objects to represent datetimes in UTC: datetime.datetime.now(datetime.UTC)."
)


def calendar(cls: Any, name: str) -> Any:
    """Return what stands in for ``cls`` while its method ``name`` is called: itself where that is not the one of
    ``datetime``, because somebody has written or patched another."""
    if not issubclass(cls, date) or type(getattr(cls, name, None)) is not types.BuiltinMethodType:
        return cls
    return CalendarClass(cls)


SUBSTITUTES: dict[int, Any] = {id(_REAL[name]): function for name, function in CONTROLLED.items()}
