"""A run that notes the order of its operations on shared locations, for tests that collect outcomes."""

from __future__ import annotations

from typing import Any

from ..instrument.sites import Site
from .execution import Execution
from .worker import Worker

Entry = tuple[Any, str, Site, int, bool]
"""Location, worker, site, how often the worker has been there, and whether it writes."""
LIMIT = 2_000
"""Operations of a run that are noted."""


class JournalledExecution(Execution):
    """An execution whose ``journal`` holds its operations in the order in which they were done."""

    def announce(self, worker: Worker, site: Site, loc: Any, write: bool) -> None:
        super().announce(worker, site, loc, write)
        journal = self.journal
        if loc is not None and loc[1] != "lock" and journal is not None and len(journal) < LIMIT:
            journal.append((loc, worker.path, site, worker.occurrence, write))
