"""What a run gives reason to suspect and no schedule has shown: the evidence of a warning."""

from __future__ import annotations

from dataclasses import dataclass

from ..files import short
from ..trace.outcome import Row
from .failures import Failure


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A hazard by its ``code``, the ``rows`` that give rise to it in order, and one sentence that says why."""

    code: str
    rows: tuple[Row, ...]
    message: str

    @property
    def sites(self) -> tuple[str, ...]:
        return tuple(row.site for row in self.rows)

    def as_failure(self) -> Failure:
        """Return the suspicion in the form in which demonstrated failures travel."""
        return Failure(self.code, tuple((row.path, row.line) for row in self.rows), self.message, self)


def at(row: Row, *others: Row) -> str:
    """Return the place of ``row`` in words, in a sentence that names the places of ``others``."""
    return f"at {short(row.path, (other.path for other in others))}:{row.line}"
