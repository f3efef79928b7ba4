"""What a session remembers of failing schedules: read before a test, brought up to date after it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..model import Finding
from ..schedules import token as tokens
from ..schedules.database import FailureDatabase

if TYPE_CHECKING:
    from ..explore.model import Exploration

Remembered = list[tuple[str, tokens.Token]]


class Memory:
    """The failure database of a session, in pytest's cache; without a cache nothing is remembered."""

    def __init__(self, config: pytest.Config) -> None:
        cache: Any = getattr(config, "cache", None)
        self._database = FailureDatabase(None if cache is None else Path(cache.mkdir("concurrency")))

    def of(self, item: pytest.Item) -> Remembered:
        """Return the remembered schedules of ``item``, newest first; forget those that cannot be read."""
        known = []
        for word in self._database.tokens(item.nodeid):
            try:
                known.append((word, tokens.decode(word)))
            except tokens.BadToken:
                self._database.forget(item.nodeid, word)
        return known

    def update(
        self, item: pytest.Item, remembered: Remembered, exploration: Exploration, findings: Iterable[Finding]
    ) -> None:
        """Forget remembered schedules that were tried and do not fail any more; remember new ones."""
        tried = exploration.found[0].schedule - 2 if exploration.found else exploration.schedules - 1
        if exploration.plain is not None or exploration.stopped:
            tried = 0
        self.note(item, (word for word, _ in remembered[: max(0, tried)]), findings)

    def note(self, item: pytest.Item, passed: Iterable[str], findings: Iterable[Finding]) -> None:
        """Forget the schedules that ``passed``, by their tokens; remember those of ``findings``."""
        for word in passed:
            self._database.forget(item.nodeid, word)
        for finding in findings:
            if finding.is_error and finding.replay:
                self._database.remember(item.nodeid, finding.replay)

    def damage(self) -> list[str]:
        """Return what was wrong with the database, once."""
        said = [self._database.damaged] if self._database.damaged else []
        self._database.damaged = ""
        return said


def replay_note(exploration: Exploration, wanted: int, followed: int) -> str:
    """Return what came of a replay that could follow so many of the ``wanted`` switches of its schedule."""
    if exploration.found:
        return "the replayed schedule fails as it did"
    if exploration.plain is not None:
        return "the test fails whatever the schedule"
    if followed < wanted:
        return f"the replayed schedule no longer applies: {followed} of its {wanted} switches could be followed"
    return "the replayed schedule no longer fails"
