"""Failures of a test that the baseline knows: noted, and exploring goes on past them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ..detect.failures import Failure
from ..hazards import RAISED
from ..model import Finding
from ..report.baseline import BASELINE

if TYPE_CHECKING:
    from ..settings import Settings


class Accepted:
    """Takes the known failures out of what a run has shown; ``findings`` are those that it took out.

    Where a known hazard struck, an exception in the same run is taken for its consequence. ``key`` returns a failure of
    the test with this node id and rootdir as a finding with nothing but what identifies it.
    """

    def __init__(
        self, item: pytest.Item, settings: Settings, key: Callable[[Failure, str, Path], Finding] | None = None
    ) -> None:
        self._key = key
        self._item = item
        self._settings = settings
        self._baseline = item.config.stash.get(BASELINE, None)
        self._found: dict[str, Finding] = {}

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(self._found.values())

    def covers(self, failure: Failure) -> bool:
        """Say whether ``failure`` suspects what a known one has shown: a lock order, and the deadlock from it."""
        return failure.code == "CH105" and any(finding.code == "CH104" for finding in self.findings)

    def __call__(self, failures: Sequence[Failure], schedule: int) -> tuple[Failure, ...]:
        """Return those of ``failures``, all of one run, that count."""
        if self._baseline is None:
            return tuple(failures)
        left = [failure for failure in failures if not self._known(failure, schedule)]
        struck = any(failure.code not in RAISED for failure in failures if failure not in left)
        return tuple(failure for failure in left if not (struck and failure.code in RAISED))

    def _known(self, failure: Failure, schedule: int) -> bool:
        from ..report.explain import key_finding

        assert self._baseline is not None
        level = self._settings.severity(failure.code)
        if level != "error":
            return False
        finding = (self._key or key_finding)(failure, self._item.nodeid, self._item.config.rootpath)
        if not self._baseline.knows(finding.fingerprint):
            return False
        self._found.setdefault(finding.fingerprint, replace(finding, severity=level, schedule=schedule, known=True))
        return True
