"""Verdicts, and the notes that others have to tell apart by what they say.

A note is a sentence in every report, and crosses processes as such. Its wording stands here, beside what knows it
again.
"""

from __future__ import annotations

PROVEN = "proven"
"""The verdict on a test of which every distinct interleaving was run, and no hazard found."""
EXPLORED = "explored"
"""The verdict where all was run that was asked for."""
CUT_SHORT = "cut short"
"""The verdict where a limit was hit before; so begins the note that says which."""
_PROOF = "explored: no hazard"
_NOT_INCLUDED = "include: no module"


def cut_short_by(seconds: float, what: str) -> str:
    """Return the note that the budget of ``seconds`` was used up, and ``what`` it was not enough for."""
    return f"{CUT_SHORT} by max_seconds={seconds:g}: {what}"


def is_cut_short(note: str) -> bool:
    """Say whether ``note`` says which limit was hit."""
    return note.startswith(CUT_SHORT)


def proof(what: str) -> str:
    """Return the note that a proof was had by exploring all of ``what``."""
    return f"{what} {_PROOF}"


def is_proof(note: str) -> bool:
    """Say whether ``note`` says that a proof was had."""
    return note.endswith(_PROOF)


def not_included(name: str) -> str:
    """Return the note that ``include`` names a module which nobody imported."""
    return f"{_NOT_INCLUDED} {name} was imported"


def is_not_included(note: str) -> bool:
    """Say whether ``note`` is of that kind, which is the same for all tests of a session."""
    return note.startswith(_NOT_INCLUDED)
