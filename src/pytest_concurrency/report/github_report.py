"""Annotations for GitHub Actions: workflow commands on standard output (or in a file), one a hazard.

Source: "Workflow commands for GitHub Actions" (setting an error message; escaping as in actions/toolkit, command.ts).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ..files import write_atomically
from .places import primary
from .replaying import command


def write(results: Sequence[dict[str, Any]], path: str | None, config: pytest.Config) -> None:
    """Write the annotations to ``path``, or to standard output where it is None; errors come first."""
    root = config.rootpath
    workspace = os.environ.get("GITHUB_WORKSPACE")
    told = _lines(results, root, Path(workspace) if workspace else root, partial(command, config))
    lines = sorted(told, key=lambda line: line[0])
    text = "".join(f"{line}\n" for _, line in lines)
    if path is None:
        print(text, end="", flush=True)
    else:
        write_atomically(path, text)


def _lines(
    results: Sequence[dict[str, Any]], root: Path, workspace: Path, replay: Callable[[str, str], str]
) -> Iterator[tuple[int, str]]:
    for result in results:
        for hazard in result["hazards"]:
            if not hazard["known"]:
                order = ("error", "warning", "notice").index(_command(result, hazard))
                yield order, annotation(result, hazard, root, workspace, replay)


def _command(result: Mapping[str, Any], hazard: Mapping[str, Any]) -> str:
    """Return how loud a hazard is told: one that a test marked ``xfail`` was to show is no more than news."""
    if result.get("xfailed"):
        return "notice"
    return "error" if hazard["severity"] == "error" else "warning"


def annotation(
    result: Mapping[str, Any],
    hazard: Mapping[str, Any],
    root: Path,
    workspace: Path,
    replay: Callable[[str, str], str],
) -> str:
    """Return one workflow command; its path is relative to ``workspace``, where GitHub looks for it."""
    path, line = primary(hazard, result)
    properties = {"file": _below(root / path, workspace), "line": str(line)}
    properties["title"] = f"{hazard['code']} {hazard['name']}"
    message = f"{result['nodeid']}: {hazard['message'].rstrip('.')}."
    message += f"\nFix: {hazard['fix']}"
    if result["seed"] is not None:
        message += f"\nSeed: {result['seed']}"
    if hazard["replay"]:
        message += f"\nReplay: {replay(result['nodeid'], hazard['replay'])}"
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_command(result, hazard)} {written}::{_data(message)}"


def _below(path: Path, workspace: Path) -> str:
    try:
        return path.resolve().relative_to(workspace.resolve()).as_posix()
    except (ValueError, OSError):
        return path.as_posix()


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
