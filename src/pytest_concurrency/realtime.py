"""The clocks that the plugin itself goes by: real ones also while a test has patched or frozen those of ``time``."""

from __future__ import annotations

import time
from collections.abc import Callable


class RealTime:
    """Attributes of a class, since what freezes time (freezegun) looks for the clocks in the globals of all modules."""

    monotonic: Callable[[], float] = time.monotonic
    perf_counter: Callable[[], float] = time.perf_counter
    perf_counter_ns: Callable[[], int] = time.perf_counter_ns
    process_time: Callable[[], float] = time.process_time
    thread_time_ns: Callable[[], int] = time.thread_time_ns
    sleep: Callable[[float], None] = time.sleep
    time_ns: Callable[[], int] = time.time_ns
    time: Callable[[], float] = time.time  # the last: it hides the module


__all__ = ["RealTime"]
