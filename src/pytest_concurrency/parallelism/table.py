"""The table of the terminal summary: one line for each measured test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

HEADER = ("test", "workers", "alone", "together", "speed-up", "sigma", "verdict")


def render(results: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the lines of the table for those ``results`` (JSON objects) that have a row; [] where none has."""
    rows = [_cells(result["nodeid"], result["parallelism"]) for result in results if result.get("parallelism")]
    if not rows:
        return []
    widths = [max(len(row[column]) for row in [HEADER, *rows]) for column in range(len(HEADER))]
    return [_line(HEADER, widths), *(_line(row, widths) for row in rows)]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    last = len(cells) - 1
    padded = (
        cell.ljust(width) if column in (0, last) else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join(padded).rstrip()


def _cells(nodeid: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        nodeid,
        str(row["workers"]),
        _seconds(row["alone"]),
        _seconds(row["together"]),
        "-" if row["speedup"] is None else _factor(row["speedup"]),
        "-" if row["sigma"] is None else f"{row['sigma']:.2f}",
        row["verdict"],
    )


def _factor(value: float) -> str:
    """Return "10x" and not "10.0x": a second digit after a large figure is noise."""
    return f"{value:.0f}x" if value >= 9.95 else f"{value:.1f}x"


def _seconds(value: float | None) -> str:
    if value is None:
        return "-"
    if value >= 1:
        return f"{value:.2f} s"
    return f"{value * 1e3:.1f} ms" if value >= 1e-3 else f"{value * 1e6:.0f} us"
