"""The three clocks of a thread: wall, CPU and run delay.

The run delay is the second field of ``/proc/self/task/TID/schedstat`` (Linux, ``Documentation/scheduler/
sched-stats.rst``): nanoseconds that the thread spent ready to run without a processor. It is what tells a thread that
waits for a lock from one that a busy machine does not let run.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass

from ..realtime import RealTime
from .model import Usage

SCHEDSTAT = "/proc/self/task/{}/schedstat"
STAT = "/proc/stat"


@dataclass(frozen=True, slots=True)
class Stamp:
    """The clocks of the calling thread at one moment, in nanoseconds; ``delay`` is None where it is not known."""

    wall: int
    cpu: int
    delay: int | None


def run_delay(native_id: int) -> int | None:
    """Return the nanoseconds that the thread ``native_id`` waited for a processor, or None where nobody counts."""
    try:
        with open(SCHEDSTAT.format(native_id), "rb") as file:
            fields = file.read().split()
        return int(fields[1]) if len(fields) > 1 and int(fields[2]) > 0 else None
    except (OSError, ValueError, IndexError):
        return None


def idle_seconds() -> float | None:
    """Return how long the processors that this process may use have had nothing to do, or None where nobody counts."""
    try:
        usable = {b"cpu%d" % number for number in os.sched_getaffinity(0)}
        with open(STAT, "rb") as file:
            lines = [line.split() for line in file if line.startswith(b"cpu")]
        ticks = [int(fields[4]) + int(fields[5]) for fields in lines if fields[0] in usable]
        return sum(ticks) / os.sysconf("SC_CLK_TCK") if ticks else None
    except (OSError, AttributeError, ValueError, IndexError):
        return None


def idle_processors(before: float | None, after: float | None, seconds: float) -> float | None:
    """Return how many processors were idle on average between two readings of :func:`idle_seconds`."""
    if before is None or after is None or seconds <= 0:
        return None
    return max(0.0, after - before) / seconds


def stamp() -> Stamp:
    """Read the clocks of the calling thread at the beginning of what is measured: the slow one first."""
    delay = run_delay(threading.get_native_id())
    return Stamp(RealTime.perf_counter_ns(), RealTime.thread_time_ns(), delay)


def stamp_end() -> Stamp:
    """Read the clocks of the calling thread at the end of what is measured: the slow one last."""
    cpu, wall = RealTime.thread_time_ns(), RealTime.perf_counter_ns()
    return Stamp(wall, cpu, run_delay(threading.get_native_id()))


def quick_stamp() -> Stamp:
    """Read the clocks without the run delay: no system call that gives up the GIL."""
    return Stamp(RealTime.perf_counter_ns(), RealTime.thread_time_ns(), None)


def usage(begin: Stamp, end: Stamp, started: int | None = None) -> Usage:
    """Return what lies between two stamps of one thread.

    ``started`` (nanoseconds of ``perf_counter_ns``) is when the thread was let go, where that is later than
    ``begin``: what it waited for from then on counts.
    """
    delay = None if begin.delay is None or end.delay is None else (end.delay - begin.delay) / 1e9
    wall = (end.wall - (begin.wall if started is None else started)) / 1e9
    return Usage(max(0.0, wall), (end.cpu - begin.cpu) / 1e9, delay)
