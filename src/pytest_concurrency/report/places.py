"""Which of a hazard's places a report points at, and how its path is written."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ..trace.workers import TEST


def primary(hazard: Mapping[str, Any], result: Mapping[str, Any]) -> tuple[str, int]:
    """Return path and line to point at: the first place below the rootdir, else the first, else the test."""
    places: Sequence[Mapping[str, Any]] = [place for place in hazard["locations"] if place["path"] and place["line"]]
    below = [place for place in places if not os.path.isabs(place["path"])]
    for place in (*below, *places):
        return str(place["path"]), int(place["line"])
    return result.get("path") or result["nodeid"].partition("::")[0], result.get("line") or 1


def told(step: Mapping[str, Any]) -> str:
    """Return what a row of an interleaving says: "counter -> 0" for a read, "counter = 1" for a write."""
    return phrase(step["action"], step["target"], step["value"])


def phrase(action: str, target: str, value: str) -> str:
    """Return in a few words that ``action`` was done to ``target``, and with what ``value``."""
    if action == "read":
        return f"{target} -> {value}" if value else f"{target} read"
    if action == "write":
        return f"{target} = {value}" if value else f"{target} write"
    return f"{action} {target}{' (' + value + ')' if value else ''}"


def named(worker: str, noun: str = "worker") -> str:
    """Return a worker as readers know it."""
    return "test" if worker in ("", TEST) else f"{noun} {worker}"
