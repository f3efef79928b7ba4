"""What travels from the runners to the reports: plain frozen data, no behaviour of the engine."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import pytest

from .hazards import CATALOGUE, ERROR


@dataclass(frozen=True, slots=True)
class Location:
    """One row of evidence: what a worker did at a source line.

    ``path`` is relative to the rootdir where possible, ``worker`` is a spawn path such as ``"0"`` or ``"0.1"``,
    ``action`` a verb ("read", "write", "acquire", ...), ``target`` what was acted on ("Counter.value").
    """

    path: str
    line: int
    worker: str
    action: str
    target: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One row of an interleaving, in the order in which the rows happened.

    Fields as in :class:`Location`; ``source`` is the text of the line, ``decides`` whether the order of this row and
    another one decides between pass and fail.
    """

    worker: str
    path: str
    line: int
    action: str
    target: str
    value: str = ""
    source: str = ""
    decides: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """One edge of the wait-for graph: ``worker`` waits at ``path:line`` for ``target``.

    ``holder`` is the worker that holds it, taken at ``holder_path:holder_line`` ("" and 0: nobody, or not known).
    """

    worker: str
    path: str
    line: int
    target: str
    holder: str = ""
    holder_path: str = ""
    holder_line: int = 0


@dataclass(frozen=True, slots=True)
class LockOrder:
    """One edge of the lock-order graph: ``worker`` holds ``held`` and takes, or wants, ``wanted`` at ``path:line``."""

    worker: str
    held: str
    wanted: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One hazard that was found in one test.

    ``message`` is one sentence; ``detail`` the multi-line explanation for the terminal (interleaving, cause, fix);
    ``schedule`` the number of the schedule that showed it, counted from 1; ``reachable`` whether the interpreter
    at hand can produce it (None: not applicable); ``replay`` the token, empty where there is none.

    ``steps`` is the interleaving and ``conflicts`` the pairs of its rows (by position) that are in conflict; ``waits``
    and ``lock_order`` are the edges of the two graphs of a deadlock. ``fingerprint`` identifies the hazard from run to
    run, also after its lines have moved; ``known`` says that it is in the baseline, which does not fail a test.
    ``cause`` and ``fix`` are those of this one, where they are known better than for its kind.
    """

    code: str
    message: str
    detail: str = ""
    severity: str = ""
    schedule: int = 0
    preemptions: int = 0
    reachable: bool | None = None
    replay: str = ""
    locations: tuple[Location, ...] = ()
    steps: tuple[Step, ...] = ()
    conflicts: tuple[tuple[int, int], ...] = ()
    waits: tuple[Wait, ...] = ()
    lock_order: tuple[LockOrder, ...] = ()
    fingerprint: str = ""
    known: bool = False
    cause: str = ""
    fix: str = ""

    @property
    def name(self) -> str:
        return CATALOGUE[self.code].name

    @property
    def effective_severity(self) -> str:
        return self.severity or CATALOGUE[self.code].severity

    @property
    def is_error(self) -> bool:
        """Whether it fails the test."""
        return self.effective_severity == ERROR and not self.known

    def to_json(self) -> dict[str, Any]:
        """Return the hazard object of the JSON report, schema version 1 (what the contract does not name is added)."""
        return {
            "code": self.code,
            "name": self.name,
            "severity": self.effective_severity,
            "message": self.message,
            "detail": self.detail,
            "cause": self.cause or CATALOGUE[self.code].cause,
            "fix": self.fix or CATALOGUE[self.code].fix,
            "schedule": self.schedule,
            "preemptions": self.preemptions,
            "reachable": self.reachable,
            "replay": self.replay,
            "locations": [dataclasses.asdict(location) for location in self.locations],
            "steps": [dataclasses.asdict(step) for step in self.steps],
            "conflicts": [list(pair) for pair in self.conflicts],
            "waits": [dataclasses.asdict(wait) for wait in self.waits],
            "lock_order": [dataclasses.asdict(edge) for edge in self.lock_order],
            "fingerprint": self.fingerprint,
            "known": self.known,
        }


@dataclass(frozen=True, slots=True)
class Stretch:
    """One bar of a timeline: from ``start`` to ``end`` (seconds from the start of the run) ``worker`` lived, or kept
    all others waiting (``kind`` "life" or "block") at ``path:line`` ("" and 0: not known), for ``life`` where it was
    started."""

    worker: str
    kind: str
    start: float
    end: float
    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class TestResult:
    """What stressing one test came to.

    ``outcome`` is "passed", "failed" or "error"; ``schedules`` counts runs of the test (or repeats);
    ``exhaustive`` is true only where every distinct interleaving was run; ``notes`` are sentences about what was
    not looked at, or was cut short; ``seed`` reproduces the exploration; ``extra`` is for tables of other reporters
    (JSON-serialisable); ``path`` and ``line`` are where the test function begins; ``timeline`` shows who ran and who
    blocked in one of the runs; ``reviewed``: other plugins have seen the findings already.
    """

    __test__ = False

    nodeid: str
    runner: str
    outcome: str
    schedules: int = 0
    exhaustive: bool = False
    seconds: float = 0.0
    seed: int | None = None
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    extra: tuple[tuple[str, Any], ...] = ()
    path: str = ""
    line: int = 0
    timeline: tuple[Stretch, ...] = ()
    reviewed: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the test object of the JSON report, schema version 1."""
        return {
            "nodeid": self.nodeid,
            "path": self.path,
            "line": self.line,
            "runner": self.runner,
            "outcome": self.outcome,
            "schedules": self.schedules,
            "exhaustive": self.exhaustive,
            "seconds": round(self.seconds, 3),
            "seed": self.seed,
            "notes": list(self.notes),
            **dict(self.extra),
            "timeline": [dataclasses.asdict(stretch) for stretch in self.timeline],
            "hazards": [finding.to_json() for finding in self.findings],
        }


RESULT: pytest.StashKey[TestResult] = pytest.StashKey()
"""Where a runner leaves the result on its item, and the sink of results finds it."""
