"""Turns a measurement into a finding: one sentence with figures, and what to use instead."""

from __future__ import annotations

import statistics
import sys

from ..hazards import CATALOGUE
from ..model import Finding, Location
from .criterion import UNKNOWN, WASTED, busiest, cause, cpu_share, gain, judge, median_sigma
from .model import Hot, Measurement, Row
from .processes import usable_cores
from .spawns import Site

RELEASES_GIL = (
    "What releases the GIL, so that threads do help: waiting (files, sockets, time.sleep, subprocesses), "
    "hashlib, zlib, bz2 and lzma on large buffers, and most of numpy. Loops over Python objects do not."
)

BUSY = 1.25
SMALL = 1e-3
"""Seconds of work that handing a task over to another process is worth: pickling, two pipes and two switches."""


def verdict(measurement: Measurement) -> Finding | None:
    """Return the finding CH201 or CH202 where workers took turns for a cause that was shown, else None."""
    if judge(measurement) != WASTED:
        return None
    code = cause(measurement)
    if code == "CH202":
        return _one_lock(measurement)
    if code == "CH201":
        return _gil(measurement)
    return None


def row(measurement: Measurement) -> Row:
    """Return the line of the summary table."""
    kind, gained = judge(measurement), gain(measurement)
    if not gained:
        return Row(measurement.workers, None, None, None, None, kind)
    runs = [usage.demand if kind == WASTED else usage.wall for usage in measurement.alone]
    alone = statistics.fmean(runs) / measurement.repeats
    return Row(
        measurement.workers,
        alone,
        alone * measurement.workers / gained,
        gained,
        median_sigma(measurement),
        f"{kind} ({cause(measurement)})" if kind == WASTED and cause(measurement) else kind,
    )


def notes(measurement: Measurement) -> tuple[str, ...]:
    """Return sentences about what could not be told, and about workers who take turns for no known reason."""
    kind = judge(measurement)
    if measurement.problem:
        return (f"parallelism not measured: {measurement.problem}",)
    if kind == UNKNOWN and measurement.together and not measurement.has_delay:
        return (
            "parallelism inconclusive: this system does not say how long a thread waits for a processor "
            "(Linux does), so that a busy machine cannot be told from a lock",
        )
    if kind == UNKNOWN:
        return ("parallelism inconclusive: the rounds differ too much, or the machine is too busy",)
    if kind == WASTED and not cause(measurement):
        return (
            "the workers take turns, but neither one lock nor the GIL explains it: "
            "look for a lock in C code, in a file or in a server",
        )
    return ()


def joined_one_by_one(site: Site) -> Finding:
    """Return the finding CH203 for a site whose workers never overlap."""
    noun = {"thread": "threads", "process": "processes", "task": "tasks"}[site.kind]
    path, line = site.line
    what = "waited for" if site.kind == "task" else "joined"
    message = f"{site.count} {noun} started at {path}:{line}, each {what} before the next one: nothing overlaps"
    detail = f"{message}.\nFix: {CATALOGUE['CH203'].fix}"
    return Finding("CH203", message, detail, locations=(Location(path, line, "", "start", noun),))


def costlier_than_work(site: Site) -> Finding:
    """Return the finding CH204 for a site whose workers cost more to start than they do."""
    path, line = site.line
    message = (
        f"{site.count} threads started at {path}:{line}: starting one takes {_time(site.cost)} of CPU time, "
        f"its work {_time(site.work)}"
    )
    detail = f"{message}.\nFix: {CATALOGUE['CH204'].fix}"
    return Finding("CH204", message, detail, locations=(Location(path, line, "", "start", "threads"),))


def _gil(measurement: Measurement) -> Finding:
    gained = gain(measurement) or 0.0
    hot = measurement.profile.hot
    where = f" ({_most(hot)} in {hot.function}, {hot.path}:{hot.line})" if hot is not None else ""
    message = f"{_threads(measurement, gained)}: they compute in Python{where}, and the GIL lets one run at a time"
    lines = [f"{message}."]
    figure = measurement.processes
    if figure is not None:
        processes = f"{figure.workers} processes {figure.speedup:.1f}x"
        cores = f"{figure.cores} core{'s' if figure.cores != 1 else ''}"
        busy = figure.idle > BUSY * figure.speedup
        idle = f" ({figure.idle:.1f}x by CPU time: the machine is busy now)" if busy else ""
        lines.append(f"Measured here: threads {gained:.1f}x, {processes} on {cores}{idle}.")
        message += f"; {processes} on {cores}{idle}"
    lines.append(f"Fix: {CATALOGUE['CH201'].fix}")
    call = statistics.fmean(usage.demand for usage in measurement.alone) / measurement.repeats
    if call < SMALL:
        lines.append(f"One call takes {_time(call)}: hand a process many at a time, or passing them on costs more.")
    if usable_cores() == 1:
        lines.append("This process may use one processor only: here nothing computes at the same time.")
    lines.append(RELEASES_GIL)
    if sys.version_info >= (3, 13):
        lines.append("On a free-threaded build (python3.14t) run this test again: its table says what that gives.")
    locations = (Location(hot.path, hot.line, "", "compute", hot.function),) if hot is not None else ()
    return Finding("CH201", message, "\n".join(lines), locations=locations)


def _most(hot: Hot) -> str:
    return "mostly" if hot.share > 0.5 else "most often"


def _one_lock(measurement: Measurement) -> Finding:
    lock = busiest(measurement)
    assert lock is not None
    gained = gain(measurement) or 0.0
    path, line = lock.waited_at
    created = f", created at {lock.created_at[0]}:{lock.created_at[1]}" if lock.created_at else ""
    message = (
        f"{_threads(measurement, gained)}: they take turns at the lock {lock.expression} "
        f"(taken at {path}:{line}{created}), which was held with others waiting {lock.share:.0%} of the time"
    )
    lines = [f"{message}.", f"Fix: {CATALOGUE['CH202'].fix}"]
    if measurement.gil and cpu_share(measurement) > 0.7:
        lines.append("The work is computing in Python: with a shorter lock the GIL is next. Processes do not share it.")
    else:
        lines.append(f"Without the lock the same work could be up to {measurement.workers} times as fast.")
    locations = [Location(path, line, "", "acquire", lock.expression)]
    if lock.created_at is not None:
        locations.append(Location(*lock.created_at, "", "create", lock.expression))
    return Finding("CH202", message, "\n".join(lines), locations=tuple(locations))


def _threads(measurement: Measurement, gained: float) -> str:
    return f"{measurement.workers} threads are {gained:.1f} times as fast as one after the other"


def _time(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} us" if seconds < 1e-3 else f"{seconds * 1e3:.1f} ms"
