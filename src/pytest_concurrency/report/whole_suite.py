"""The part of the terminal summary about ``--stress-threads``: which tests were not stressed, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

Result = TypeVar("Result", bound=Mapping[str, Any])
NAMED = 10
"""Tests named for each reason without ``-v``."""

GROUPS = (
    ("one_worker", "run on one worker"),
    ("own_doing", "no fault of the code under test"),
)


def is_of_whole_suite(result: dict[str, Any]) -> bool:
    """Say whether the notes of ``result`` are told here."""
    return any(key in result for key, _ in GROUPS)


def lines(results: Sequence[dict[str, Any]], verbose: bool) -> Iterator[str]:
    """Yield the summary: each reason with the number of its tests and their names, the most frequent first."""
    for key, heading in GROUPS:
        reasons: dict[str, list[str]] = {}
        for result in results:
            if key in result:
                reasons.setdefault(result[key], []).append(result["nodeid"])
        for reason, names in sorted(reasons.items(), key=lambda pair: (-len(pair[1]), pair[0])):
            yield f"{len(names)} test{'s' if len(names) != 1 else ''} {heading}: {reason}"
            shown = names if verbose else names[:NAMED]
            yield from (f"    {name}" for name in shown)
            if len(names) > len(shown):
                yield f"    and {len(names) - len(shown)} more (-v names them all)"


def stressed(results: Sequence[Result]) -> list[Result]:
    """Return the results of the tests that were run on more than one worker."""
    return [result for result in results if "one_worker" not in result]
