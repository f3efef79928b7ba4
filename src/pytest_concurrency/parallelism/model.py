"""What the measurement of parallelism hands on: plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Usage:
    """What one worker's run cost: seconds of wall clock, of thread CPU time and of run delay.

    ``delay`` is the time that the thread was ready to run and had no processor (None: the system does not say).
    """

    wall: float
    cpu: float
    delay: float | None

    @property
    def blocked(self) -> float:
        """Seconds that the thread waited for something other than a processor (a lock, the GIL, a device)."""
        return max(0.0, self.wall - self.cpu - (self.delay or 0.0))

    @property
    def demand(self) -> float:
        """Seconds that the run would have taken on a machine with processors to spare."""
        return self.cpu + self.blocked


@dataclass(frozen=True, slots=True)
class Round:
    """One run of all workers at once.

    ``span`` is the time from the start to the last worker's end, in seconds; ``overlap`` (0 to 1) is the part of the
    shortest worker's run during which every worker was running; ``scale`` says how many times as often as alone each
    body was called. ``idle`` is how many of the usable processors had nothing to do, on average (None: not known).
    """

    usages: tuple[Usage, ...]
    span: float
    overlap: float
    scale: int = 1
    idle: float | None = None


@dataclass(frozen=True, slots=True)
class LockUse:
    """One lock that workers were seen waiting for.

    ``share`` (0 to 1) is the part of the samples in which somebody waited for it; ``depth`` (0 to 1) is how many of
    those who could wait did, on average: 1 where all but the holder stand in the queue. ``expression`` is the lock as
    the source writes it; ``waited_at`` and ``created_at`` are (path, line), the latter None where it is not known.
    """

    expression: str
    share: float
    depth: float
    waited_at: tuple[str, int]
    created_at: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Hot:
    """The function that a worker alone was seen in most often, in the part ``share`` (0 to 1) of all looks, and its
    busiest line."""

    function: str
    path: str
    line: int
    share: float


@dataclass(frozen=True, slots=True)
class Profile:
    """What the sampler saw while the workers ran at once.

    ``samples`` counts the moments at which at least two workers were unfinished; ``gil_queue`` (0 to 1) is the part of
    them at which an idle thread had to queue for the interpreter lock; ``hot`` is where a worker spends its time.
    """

    samples: int = 0
    gil_queue: float = 0.0
    locks: tuple[LockUse, ...] = ()
    hot: Hot | None = None


@dataclass(frozen=True, slots=True)
class ProcessFigure:
    """The same workers as processes: the measured ``speedup`` over one after the other.

    ``idle`` is what they would give with all ``cores`` usable processors free, by the CPU time that they took.
    """

    workers: int
    cores: int
    speedup: float
    idle: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """What running the workers alone and together came to.

    ``alone`` has the best run alone of each worker, who calls its body ``repeats`` times (1 where they differ) to last
    long enough; ``together`` the rounds that count. ``problem`` says in one sentence why nothing could be measured
    (empty: it could); ``error`` is what a body raised; ``stuck`` is true where workers had not ended in time; ``gil``
    whether the interpreter lock is on.
    """

    workers: int
    gil: bool
    repeats: int = 1
    alone: tuple[Usage, ...] = ()
    together: tuple[Round, ...] = ()
    profile: Profile = Profile()
    processes: ProcessFigure | None = None
    problem: str = ""
    error: BaseException | None = None
    stuck: bool = False

    @property
    def has_delay(self) -> bool:
        """Whether the system told the run delay of every run."""
        runs = [*self.alone, *(usage for each in self.together for usage in each.usages)]
        return bool(runs) and all(usage.delay is not None for usage in runs)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table at the end of the run; seconds, and "x" for ``speedup``."""

    workers: int
    alone: float | None
    together: float | None
    speedup: float | None
    sigma: float | None
    verdict: str

    def to_json(self) -> dict[str, Any]:
        """Return the row as the JSON report has it, under the test's key ``parallelism``."""

        def short(value: float | None) -> float | None:
            return None if value is None else round(value, 6)

        return {
            "workers": self.workers,
            "alone": short(self.alone),
            "together": short(self.together),
            "speedup": short(self.speedup),
            "sigma": short(self.sigma),
            "verdict": self.verdict,
        }
