"""Imports between the parts of the package point one way, also those inside functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import pytest_concurrency

ROOT = Path(pytest_concurrency.__file__).parent

LAYERS = (
    ("interpreter", "realtime", "monitoring", "own_dict", "state", "files", "source", "project", "notes", "trace"),
    ("newhooks", "hazards", "strategies", "instrument"),
    ("detect", "schedules", "runtime"),
    ("model", "options", "primitives"),
    ("settings", "extensions", "parallelism", "watch"),
    ("explore", "report"),
    ("runners",),
    ("plugin",),
)
"""The parts from the bottom to the top: each imports from the rows below its own only."""

LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}


def test_each_part_has_its_layer():
    modules = {path.stem for path in ROOT.glob("*.py")} - {"__init__"}
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert modules | folders == set(LEVEL)


@pytest.mark.parametrize("part", LEVEL)
def test_a_part_imports_from_lower_layers_only(part):
    wrong = [
        f"{path.relative_to(ROOT)}: {other}"
        for path in ([ROOT / f"{part}.py"] if (ROOT / f"{part}.py").exists() else (ROOT / part).rglob("*.py"))
        for other in _imported(path)
        if other != part and LEVEL[other] >= LEVEL[part]
    ]
    assert not wrong


def _imported(path: Path) -> Iterator[str]:
    """Yield the parts that the module at ``path`` imports, without what it imports for its annotations only."""
    package = path.relative_to(ROOT).parts[:-1]
    pending: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            pending += node.orelse
            continue
        pending += ast.iter_child_nodes(node)
        if isinstance(node, ast.ImportFrom) and node.level:
            above = package[: len(package) - (node.level - 1)]
            for alias in node.names:
                whole = (*above, *(node.module or "").split("."), alias.name)
                yield next(name for name in whole if name)
