"""The baseline: a file with today's hazards, so that a run fails only on new ones.

One frozen :class:`Baseline` a session; runners ask :func:`marked` before they decide whether a test fails.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from ..files import write_atomically
from ..model import Finding
from .fingerprint import fingerprint

VERSION = 1
OPTION = "--concurrency-baseline"
UPDATE = "--concurrency-update-baseline"


@dataclass(frozen=True, slots=True)
class Entry:
    """One known hazard. ``message`` is for readers of the file."""

    fingerprint: str
    code: str
    test: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The known hazards by fingerprint; ``updating``: every hazard counts as known, and the file is written anew."""

    path: Path
    entries: Mapping[str, Entry] = field(default_factory=dict)
    updating: bool = False

    def knows(self, finding: str) -> bool:
        """Say whether the hazard with this fingerprint is known."""
        return self.updating or finding in self.entries


BASELINE: pytest.StashKey[Baseline] = pytest.StashKey()


def configure(config: pytest.Config) -> None:
    """Load the baseline that the command line names; raise UsageError in one sentence where that cannot be done."""
    name, updating = config.option.concurrency_baseline, config.option.concurrency_update_baseline
    if name is None:
        raise pytest.UsageError(f"{UPDATE}: say which file, with {OPTION}=FILE.")
    if not name:
        raise pytest.UsageError(f"{OPTION}: '' is not the name of a file.")
    path = config.invocation_params.dir / name
    config.stash[BASELINE] = Baseline(path, load(path, name, updating), updating)


def load(path: Path, name: str, updating: bool = False) -> Mapping[str, Entry]:
    """Return the entries of a file, whom messages call ``name``; a missing one is empty where it is to be written."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if updating:
            return {}
        raise pytest.UsageError(f"{OPTION}: there is no file {name}; {UPDATE} writes it.") from None
    except OSError as error:
        raise pytest.UsageError(f"{OPTION}: cannot read {name}: {error.strerror or type(error).__name__}.") from None
    except ValueError:
        document = None
    try:
        version, rows = document["version"], document["hazards"]
        if version == VERSION:
            found = [Entry(*(_text(row, key) for key in ("fingerprint", "code", "test", "message"))) for row in rows]
            return {entry.fingerprint: entry for entry in found}
    except (TypeError, KeyError):
        raise pytest.UsageError(
            f"{OPTION}: {name} is no baseline, or damaged; {UPDATE} writes one where no file is."
        ) from None
    raise pytest.UsageError(f"{OPTION}: {name} has format {version!r}, this release reads format {VERSION}.")


def _text(row: Any, key: str) -> str:
    value = row[key]
    if not isinstance(value, str):
        raise TypeError(key)
    return value


def marked(finding: Finding, config: pytest.Config, nodeid: str) -> Finding:
    """Return ``finding`` with its fingerprint, and as known where the baseline has it."""
    own = finding.fingerprint or fingerprint(finding, nodeid, config.rootpath)
    baseline = config.stash.get(BASELINE, None)
    return replace(finding, fingerprint=own, known=finding.known or (baseline is not None and baseline.knows(own)))


def seen_and_gone(baseline: Baseline, results: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Entry], list[Entry]]:
    """Return the hazards of this run, and the entries whose test passed without showing them."""
    seen: dict[str, Entry] = {}
    passed = set()
    for result in results:
        if result["outcome"] == "passed":
            passed.add(result["nodeid"])
        for hazard in result["hazards"]:
            own = hazard["fingerprint"]
            seen[own] = baseline.entries.get(own) or Entry(own, hazard["code"], result["nodeid"], hazard["message"])
    gone = [entry for own, entry in baseline.entries.items() if own not in seen and entry.test in passed]
    return seen, gone


def write(baseline: Baseline, results: Sequence[Mapping[str, Any]]) -> None:
    """Write the file anew: what this run saw, and the entries of tests that did not run or did not pass."""
    seen, gone = seen_and_gone(baseline, results)
    left = {entry.fingerprint for entry in gone}
    kept = {own: entry for own, entry in baseline.entries.items() if own not in left}
    entries = sorted({**kept, **seen}.values(), key=lambda entry: (entry.test, entry.code, entry.fingerprint))
    rows = [
        {"code": entry.code, "test": entry.test, "message": entry.message, "fingerprint": entry.fingerprint}
        for entry in entries
    ]
    write_atomically(baseline.path, json.dumps({"version": VERSION, "hazards": rows}, indent=2) + "\n")


def told(baseline: Baseline, results: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what the summary says: how many hazards are known, which entries are stale, which were not looked at."""
    seen, gone = seen_and_gone(baseline, results)
    name = baseline.path.name
    known = sum(hazard["known"] for result in results for hazard in result["hazards"])
    if baseline.updating:
        added = len(seen.keys() - baseline.entries.keys())
        lines = [f"baseline {name} written: {added} added, {len(gone)} removed"]
        word = "removed"
    else:
        plural = "s" if known != 1 else ""
        lines = [f"{known} known hazard{plural} of {name} did not count"] if known else []
        word = "no longer found"
    lines += [f"baseline {name}: {word}: {entry.code} {entry.test}: {entry.message}" for entry in gone]
    run = {result["nodeid"] for result in results}
    other = sum(entry.test not in run for entry in baseline.entries.values())
    if other:
        lines.append(f"baseline {name}: {other} of {len(baseline.entries)} entries are of tests that were not run")
    return lines
