"""What exploring a test comes to, and what explorers of one test have to know of each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..detect.failures import Failure
from ..schedules.directives import Directive
from ..trace.outcome import Outcome, Row
from .outcomes import OutcomeRow


@dataclass(frozen=True, slots=True)
class Found:
    """A failure, the schedule that showed it first, the shortest one that does, and a recorded run of that.

    ``free``: seen on real threads, where there is no schedule to replay. ``decides`` are the rows whose order decides
    between pass and fail.
    """

    failure: Failure
    schedule: int
    directives: tuple[Directive, ...]
    outcome: Outcome
    related: tuple[Failure, ...] = ()
    free: bool = False
    decides: tuple[Row, ...] = ()


@dataclass(slots=True)
class Exploration:
    """What exploring came to. ``plain`` is the error of the test in its serial order: an ordinary failure;
    ``suspected`` is what explains a failure, or what no schedule confirmed: warnings unless settings say otherwise;
    ``stale``: the first run imported modules in scope, so that exploring has to begin anew with them instrumented;
    ``unrepeatable``: the test fails when it is run again in the order in which it passed; ``cut_short``: a limit was
    hit before all was run that was to be; ``unseen`` are packages that workers were seen to call, and that were
    not looked into."""

    schedules: int = 0
    found: list[Found] = field(default_factory=list)
    suspected: list[Found] = field(default_factory=list)
    plain: BaseException | None = None
    exhaustive: bool = False
    notes: list[str] = field(default_factory=list)
    stopped: str = ""
    first: Outcome | None = None
    stale: bool = False
    unrepeatable: bool = False
    outcomes: tuple[OutcomeRow, ...] = ()
    cut_short: bool = False
    unseen: set[str] = field(default_factory=set)


class Share(Protocol):
    """What an explorer needs to know of others that explore the same test at the same time.

    ``helper``: it gives no verdict, and only tells of a schedule that fails. ``takes`` says whether the schedule with
    this index is its own to run; ``heard`` and ``wait`` return a failing schedule that another one has found.
    """

    helper: int

    def takes(self, index: int) -> bool: ...

    def tell(self, directives: Sequence[Directive]) -> None: ...

    def heard(self) -> tuple[Directive, ...] | None: ...

    def is_over(self) -> bool: ...

    def wait(self, seconds: float) -> tuple[Directive, ...] | None: ...
