"""Do the threads of a stressed test buy anything? Asked in the free-running phase, of workers that compute for long.

A worker of a unit test is over in microseconds, and nobody runs it on threads for speed: to call each of them wasted
would be noise. So workers are judged only where each uses the processor for :data:`HEAVY` seconds.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...options import PARALLELISM
from ...trace.workers import TEST
from ..parallelism import relative

if TYPE_CHECKING:
    from ...explore.model import Exploration
    from ...model import Finding
    from ...settings import Settings
    from .program import Program

HEAVY = 0.1
"""Seconds of processor time a worker from which on its threads are worth a question."""


def worth_asking(exploration: Exploration, program: Program) -> bool:
    """Say whether the workers compute for long, and none of them waits for another to get anywhere."""
    first = exploration.first
    if first is None:
        return False
    workers = {switch.to for switch in first.switches} - {TEST}
    waits = any(switch.forced and not switch.ended and switch.worker != TEST for switch in first.switches)
    return len(workers) > 1 and program.busy_seconds / len(workers) >= HEAVY and not waits


def wasted(program: Program, settings: Settings, root: Path) -> tuple[tuple[Finding, ...], dict[str, object] | None]:
    """Measure the workers alone and together; return CH201 or CH202 where they took turns, and the row of the table.

    The row is None, and there are no findings, where nothing could be measured.
    """
    from ...parallelism import judge, row, verdict
    from ...parallelism.criterion import FINE, WASTED

    measurement = program.measured(settings.max_seconds)
    if measurement is None or measurement.repeats > 1 or judge(measurement) not in (FINE, WASTED):
        return (), None
    if min((usage.cpu for usage in measurement.alone), default=0.0) < HEAVY:
        return (), None
    finding = verdict(measurement)
    severity = settings.severity(finding.code) if finding is not None else None
    found = (relative(replace(finding, severity=severity), root),) if finding is not None and severity else ()
    return found, {PARALLELISM: row(measurement).to_json()}
