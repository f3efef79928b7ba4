"""The calls that led to a worker's exception, for where the interleaving does not show them."""

from __future__ import annotations

import os
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..source import PACKAGE

if TYPE_CHECKING:
    from ..trace.outcome import Row

MOST = 12
"""Calls shown: the first and the last where there are more."""


CALLS = "_concurrency_calls"
"""Attribute of an error that came from another process: the frames that it came through there."""


def calls_of(error: Any, root: Path, rows: Sequence[Row], width: int) -> list[str]:
    """Return lines that show where ``error`` was raised, a call each, the innermost last, with an empty line behind.

    Nothing where the last of ``rows`` that its worker did is the only call that could be shown.
    """
    frames = [
        frame
        for frame in getattr(error, CALLS, ()) or traceback.extract_tb(getattr(error, "__traceback__", None))
        if not frame.filename.startswith(PACKAGE)
    ]
    within = str(root.resolve()) + os.sep
    first = next((n for n, frame in enumerate(frames) if frame.filename.startswith(within)), 0)
    frames = frames[first:]  # what the library does to start a thread tells nothing
    if not frames or (
        len(frames) == 1 and any((r.path, r.line) == (frames[0].filename, frames[0].lineno) for r in rows)
    ):
        return []
    shown = [f"    {f.filename.removeprefix(within)}:{f.lineno} in {f.name}: {f.line}" for f in frames]
    if len(shown) > MOST:
        shown[MOST // 2 : -MOST // 2] = [f"    ... {len(shown) - MOST} more"]
    shown = [line if len(line) <= width else f"{line[: width - 2]}.." for line in shown]
    return [f"{type(error).__name__} was raised in:", *shown, ""]
