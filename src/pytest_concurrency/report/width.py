"""How wide a report on the terminal may be."""

from __future__ import annotations

import os

import pytest

NARROWEST, WIDEST = 60, 160
ELSEWHERE = 110
"""Columns where there is no terminal: a log of a CI service breaks no lines."""
INPUT = "concurrency_width"
"""Key under which a worker of pytest-xdist is told."""
_WIDTH: pytest.StashKey[int] = pytest.StashKey()


def note_width(config: pytest.Config) -> None:
    """Remember how wide the terminal is: while a test runs, pytest's capture hides it."""
    told: int | None = getattr(config, "workerinput", {}).get(INPUT)
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if told is None and (os.environ.get("COLUMNS") or (reporter is not None and reporter.isatty)):
        told = config.get_terminal_writer().fullwidth
    if told is not None:
        config.stash[_WIDTH] = told


def columns(config: pytest.Config) -> int:
    """Return the columns of the terminal."""
    return config.stash.get(_WIDTH, ELSEWHERE)


def width_of(config: pytest.Config) -> int:
    """Return the columns that a report may use: those of the terminal, also in a worker of pytest-xdist."""
    return max(NARROWEST, min(columns(config), WIDEST))
