"""Which findings need a text of their own: not those that the text of another one names already."""

from __future__ import annotations

from collections.abc import Iterable

from ..model import Finding


def with_own_text(findings: Iterable[Finding], shown: str = "") -> list[Finding]:
    """Return the findings whose text is to be shown, beside what is ``shown`` already.

    One interleaving shows several hazards where one is the cause of another: its lanes are drawn once, for the first,
    which names the others.
    """
    told = words(shown)
    kept = []
    for finding in findings:
        text = words(finding.detail or finding.message)
        if text not in told and not is_named(finding.code, finding.name, finding.message, told):
            kept.append(finding)
            told += text
    return kept


def is_named(code: str, name: str, message: str, told: str) -> bool:
    """Say whether the text of another finding names this one."""
    return words(f"With it: {code} {name}: {message}") in told


def words(text: str) -> str:
    """Return ``text`` without its line breaks, which depend on the width."""
    return " ".join(text.split())
