"""What a measurement means: pure functions, no clocks and no threads.

The criterion is the *excess blocked time* and not the wall-clock speed-up, which a busy machine spoils.
For each worker B = wall - CPU - run delay is what it waited for something other than a processor. Alone
it needs D = CPU + B. If N workers of equal length take turns, the k-th waits for k others, on average D *
(N - 1) / 2, so

    sigma = (mean B together - mean B alone) / (mean D alone * (N - 1) / 2)

is 0 where they do not get in each other's way and 1 where they take turns (up to 2 where they take many
short turns). Because a holder without a processor prolongs the waits of all others, ``sigma`` alone is
not believed: the number of workers that got on at once (:func:`concurrency`), in which that stretch
cancels out, has to say the same.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from .model import LockUse, Measurement, Round, Usage

FINE = "parallel"
WASTED = "serialised"
PARTLY = "partly serialised"
UNKNOWN = "inconclusive"

FINE_BELOW = 0.4
STARVED_FINE_BELOW = 0.15
WASTED_ABOVE = 0.6
EXTREME_ABOVE = 0.9
FREE_THREADED_LOCK_WAIT = 0.45
NO_GAIN_BELOW = 1.4
LOCK_SHARE = 0.8
LOCK_DEPTH = 0.6
CPU_SHARE = 0.7
IDLE_CPU_SHARE = 0.3
MIN_OVERLAP = 0.5
MIN_ALONE = 0.020
ROUNDS = 3
QUIET = 0.1
SPARE = 0.5
GIL_QUEUE = 0.3
MIN_SAMPLES = 5


def sigma(alone: Sequence[Usage], together: Round) -> float:
    """Return the excess blocked time of a round over that of workers who take turns (see the module's text)."""
    ideal = statistics.fmean(usage.demand for usage in alone) * (len(together.usages) - 1) / 2
    blocked_alone = statistics.fmean(usage.blocked for usage in alone)
    excess = statistics.fmean(usage.blocked for usage in together.usages) / together.scale - blocked_alone
    return max(0.0, excess / ideal) if ideal > 0 else 0.0


def sigma_without_noise(alone: Sequence[Usage], together: Round) -> float:
    """Return sigma less all that the other workers' run delays can have added to a worker's waits.

    For workers who mostly sleep or wait for devices: their run delays come from a busy machine, and a lock whose
    holder, or next holder, has no processor keeps everybody waiting. Workers who compute also queue for processors, and
    for the GIL, so that for them this is far too low.
    """
    ideal = statistics.fmean(usage.demand for usage in alone) * (len(together.usages) - 1) / 2
    delays = sum(usage.delay or 0.0 for usage in together.usages)
    excess = statistics.fmean(
        max(
            0.0,
            usage.blocked / together.scale - single.blocked - (delays - (usage.delay or 0.0)) / together.scale,
        )
        for usage, single in zip(together.usages, alone, strict=True)
    )
    return excess / ideal if ideal > 0 else 0.0


def concurrency(alone: Sequence[Usage], together: Round) -> float:
    """Return how many workers got on at once, on average: 1 where they took turns, N where none waited for another.

    A worker that is ready but has no processor counts as getting on: that is the machine's doing.
    """
    moving = sum(
        usage.wall - max(0.0, usage.blocked - single.blocked * together.scale)
        for usage, single in zip(together.usages, alone, strict=True)
    )
    return moving / together.span if together.span > 0 else 0.0


def speedup(alone: Sequence[Usage], together: Round) -> float:
    """Return the wall-clock gain over running the workers one after the other."""
    work = sum(usage.wall for usage in alone)
    return together.scale * work / together.span if together.span > 0 else 0.0


def quiet(together: Round) -> bool:
    """Return whether workers hardly waited for a processor, so that wall-clock figures can be believed."""
    queued = sum(usage.delay or 0.0 for usage in together.usages)
    return queued <= QUIET * sum(usage.demand for usage in together.usages)


def spare(together: Round) -> bool:
    """Return whether processors were left for what the workers wait for: a child process or a server may compute.

    Its run delay is nobody's here: where no processor was idle, workers who wait for it look as if they took turns.
    """
    return together.idle is None or together.idle >= SPARE


def counts(together: Round) -> bool:
    """Return whether the workers of a round ran at the same time for long enough to tell anything."""
    return together.overlap >= MIN_OVERLAP


def starved(together: Round) -> bool:
    """Return whether the workers computed and had, all together, no more than about one processor.

    Then the kernel may have run them in turns on one processor, where nobody ever meets a held lock: a round like that
    shows little in favour of the workers.
    """
    computed = sum(usage.cpu for usage in together.usages)
    queued = sum(usage.delay or 0.0 for usage in together.usages)
    return together.span > 0 and computed < 1.3 * together.span and queued > 0.5 * computed > 0.15 * together.span


def fine_below(together: Round) -> float:
    """Return the sigma below which a round shows that the workers do not hinder each other."""
    return STARVED_FINE_BELOW if starved(together) else FINE_BELOW


def decided(alone: Sequence[Usage], rounds: Sequence[Round]) -> bool:
    """Return whether further rounds would not change the verdict: one clearly fine, two above 0.6, or enough."""
    values = [sigma(alone, each) for each in rounds]
    return (
        len(values) >= ROUNDS
        or (len(values) == 1 and values[0] < fine_below(rounds[0]))
        or sum(value > WASTED_ABOVE for value in values) >= 2
    )


def median_sigma(measurement: Measurement) -> float | None:
    """Return the median sigma of the rounds that count, or None without any."""
    values = [sigma(measurement.alone, each) for each in measurement.together]
    return statistics.median(values) if values else None


def judge(measurement: Measurement) -> str:
    """Return :data:`FINE`, :data:`WASTED`, :data:`PARTLY` or :data:`UNKNOWN`."""
    value = median_sigma(measurement)
    if value is None or measurement.problem:
        return UNKNOWN
    rounds = measurement.together
    by_lock = not measurement.gil and _depth(measurement) > FREE_THREADED_LOCK_WAIT
    # Without the run delay sigma can only be too large: "fine" holds on every system.
    if value < statistics.median(fine_below(each) for each in rounds) and not by_lock:
        return FINE
    if _held_up_by_noise(measurement):
        return FINE
    gained = statistics.median(concurrency(measurement.alone, each) for each in rounds)
    why = cause(measurement)
    if not measurement.has_delay and not (value > EXTREME_ABOVE and gained < NO_GAIN_BELOW and why):
        return UNKNOWN
    if value <= WASTED_ABOVE and not by_lock:
        return UNKNOWN
    if why == "CH201":
        return WASTED
    if why == "CH202":
        return WASTED if _depth(measurement) > LOCK_DEPTH or _at_the_gil(measurement) else PARTLY
    # Without a cause there is only the figure, and that is believed on a quiet machine only.
    believed = all(quiet(each) and spare(each) for each in rounds)
    return WASTED if gained < NO_GAIN_BELOW and believed else UNKNOWN


def gain(measurement: Measurement) -> float | None:
    """Return how many times as fast the workers together are as one after the other, None without any round.

    By the clock, in the best round. Where workers take turns and no round was quiet, the clock tells what else the
    machine did meanwhile; then it is what their waits come to: 1 for a sigma of 1 and above, N for 0.
    """
    alone, rounds = measurement.alone, measurement.together
    if not alone or not rounds:
        return None
    if judge(measurement) != WASTED:
        return max(speedup(alone, each) for each in rounds)
    work = sum(usage.demand for usage in alone)
    by_clock = [each.scale * work / each.span for each in rounds if quiet(each) and each.span > 0]
    turns = min(1.0, median_sigma(measurement) or 0.0)
    return max(by_clock, default=measurement.workers / (1 + (measurement.workers - 1) * turns))


def _held_up_by_noise(measurement: Measurement) -> bool:
    if cpu_share(measurement) > IDLE_CPU_SHARE or not measurement.has_delay:
        return False
    if measurement.profile.samples < MIN_SAMPLES or _depth(measurement) >= FINE_BELOW:
        return False
    rest = statistics.median(sigma_without_noise(measurement.alone, each) for each in measurement.together)
    return rest < FINE_BELOW


def _depth(measurement: Measurement) -> float:
    """Return how long the queue at the busiest lock was, 0 to 1.

    On a free-threaded build a waiting thread may spin, which is CPU time: sigma misses it, a profile does not.
    """
    lock = busiest(measurement)
    return lock.depth if lock is not None and measurement.profile.samples >= MIN_SAMPLES else 0.0


def busiest(measurement: Measurement) -> LockUse | None:
    """Return the lock with the longest queue, or None."""
    return max(measurement.profile.locks, key=lambda lock: lock.depth, default=None)


def cpu_share(measurement: Measurement) -> float:
    """Return how much of the workers' time alone is computing, 0 to 1."""
    demand = sum(usage.demand for usage in measurement.alone)
    return sum(usage.cpu for usage in measurement.alone) / demand if demand > 0 else 0.0


def cause(measurement: Measurement) -> str:
    """Return the hazard code that explains workers who take turns, or "" where nothing was demonstrated.

    CH202: in more than 80 % of the samples somebody waited for one lock. CH201: they compute, the GIL is on, and an
    idle thread had to queue for it.
    """
    profile = measurement.profile
    if profile.samples < MIN_SAMPLES:
        return ""
    lock = busiest(measurement)
    if lock is not None and lock.share > LOCK_SHARE:
        return "CH202"
    return "CH201" if _at_the_gil(measurement) else ""


def _at_the_gil(measurement: Measurement) -> bool:
    queued = measurement.profile.gil_queue > GIL_QUEUE
    return measurement.gil and queued and cpu_share(measurement) > CPU_SHARE
