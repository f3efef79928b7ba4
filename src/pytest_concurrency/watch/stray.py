"""Ending a forked child that runs on out of the body that forked it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from .watch import Watch

STRAY = 70


def end_if_stray(watch: Watch, error: BaseException | None) -> None:
    """End this process if the watched body forked it, leaving a word for the parent: it has no business beyond."""
    if os.getpid() == watch.pid:
        return
    what = f"with {type(error).__name__}: {error}" if error is not None else "without an error"
    with suppress(OSError):
        Path(watch.directory, f"{os.getpid()}.stray").write_text(f"process {os.getpid()} left the body {what}\n")
    os._exit(STRAY)
