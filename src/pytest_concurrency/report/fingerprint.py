"""What identifies a hazard from run to run: its code, its test, and the functions and targets of its evidence.

Line numbers, values and workers are no part of it, so that it outlives edits above the lines in question.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from ..hazards import RAISED, WAITING
from ..model import Finding, Location

NUMBERS = re.compile(r"0x[0-9a-fA-F]+|\d+")
NUMBERED = re.compile(r" #\d+$")
"""The number that tells a lock from others of its name."""
UNPLACED = frozenset({"CH107", "CH201"})
"""Hazards of a test as a whole: the workers move while they are looked at."""
BLOCKING = frozenset({"CH301", "CH302", "CH303"})
"""Hazards that are identified by the function in which a greenlet kept the thread."""


def fingerprint(finding: Finding, nodeid: str, root: Path) -> str:
    """Return 16 hexadecimal digits that stay the same while the hazard does; paths are relative to ``root``."""
    if finding.code in UNPLACED:
        return _digest(finding.code, nodeid, [])
    if finding.code in BLOCKING:
        # What blocked has other names where each call was timed, and where the thread was only looked at.
        places = sorted({f"{one.path} {function_at(root / one.path, one.line)}" for one in finding.locations[:1]})
    elif finding.code == "CH101":
        # A run in real time does not always see who wrote in between, and calls the target as the source does.
        ends = [*finding.locations[:1], *finding.locations[-1:]]
        places = sorted({_place(replace(one, target=part_of(one.target)), root) for one in ends})
    else:
        places = sorted({_place(location, root) for location in key_locations(finding)})
    if not places:
        places = [NUMBERS.sub("", finding.message)]
    return _digest(finding.code, nodeid, places)


def _digest(code: str, nodeid: str, places: list[str]) -> str:
    text = "\n".join([code, nodeid.rpartition("@")[0] if _grouped(nodeid) else nodeid, *places])
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def part_of(target: str) -> str:
    """Return what of an object is updated: the name of the attribute, or "[]" for an item, whatever it is called."""
    return "[]" if target.endswith("]") else target.rpartition(".")[2]


def key_locations(finding: Finding) -> tuple[Location, ...]:
    """Return the locations that make the hazard what it is; the others tell how it came about."""
    wanted: Iterable[Location] = finding.locations
    if finding.code in RAISED:  # the interleaving differs from run to run
        wanted = [location for location in finding.locations if location.action == "raise"]
    elif finding.code in WAITING:
        wanted = [location for location in finding.locations if location.action in ("wait", "waits")]
    return tuple(wanted) or finding.locations[:1]


def _grouped(nodeid: str) -> bool:
    """Say whether pytest-xdist's loadgroup has added "@group" to the node id."""
    return "@" in nodeid and "]" not in nodeid.rpartition("@")[2] and "::" not in nodeid.rpartition("@")[2]


def _place(location: Location, root: Path) -> str:
    target = NUMBERS.sub("#", NUMBERED.sub("", location.target))
    return f"{location.path} {function_at(root / location.path, location.line)} {location.action} {target}"


def function_at(path: Path, line: int) -> str:
    """Return the qualified name of the function or class around a line ("" at module level, or not known)."""
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return ""
    best = ""
    smallest = float("inf")
    for name, first, last in _scopes(str(path), changed):
        if first <= line <= last and last - first <= smallest:
            best, smallest = name, last - first
    return best


@lru_cache(maxsize=64)
def _scopes(path: str, changed: int) -> tuple[tuple[str, int, int], ...]:
    """Return name, first and last line of every function and class in a file."""
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ()
    found: list[tuple[str, int, int]] = []
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    while waiting:
        node, outer = waiting.pop()
        for child in ast.iter_child_nodes(node):
            name = outer
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{outer}.{child.name}" if outer else child.name
                found.append((name, child.lineno, child.end_lineno or child.lineno))
            waiting.append((child, name))
    return tuple(found)
