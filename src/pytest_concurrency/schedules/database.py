"""The failure database: failing schedules, kept in pytest's cache, tried first in the next run."""

from __future__ import annotations

import json
from pathlib import Path

from ..files import write_atomically
from .token import test_digest

KEPT = 5
"""Tokens kept for each test, newest first."""


class FailureDatabase:
    """One small file a test in ``directory``; ``None`` keeps nothing. A damaged file counts as empty."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self.damaged: str = ""

    def _file(self, nodeid: str) -> Path | None:
        return None if self._directory is None else self._directory / f"{test_digest(nodeid)}.json"

    def tokens(self, nodeid: str) -> list[str]:
        """Return the remembered tokens of a test, newest first."""
        path = self._file(nodeid)
        if path is None:
            return []
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            tokens = stored["tokens"]
            if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
                raise TypeError
            return list(tokens)
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, KeyError):
            self.damaged = f"the failure database file {path.name} was damaged and is started afresh"
            return []

    def remember(self, nodeid: str, token: str) -> None:
        """Put ``token`` first among those of the test."""
        tokens = [token, *(known for known in self.tokens(nodeid) if known != token)]
        self._store(nodeid, tokens[:KEPT])

    def forget(self, nodeid: str, token: str) -> None:
        """Remove ``token``: its schedule no longer fails."""
        tokens = self.tokens(nodeid)
        if token in tokens:
            self._store(nodeid, [known for known in tokens if known != token])

    def _store(self, nodeid: str, tokens: list[str]) -> None:
        path = self._file(nodeid)
        if path is None:
            return
        try:
            if tokens:
                write_atomically(path, json.dumps({"nodeid": nodeid, "tokens": tokens}) + "\n")
            else:
                path.unlink(missing_ok=True)
        except OSError:
            pass
