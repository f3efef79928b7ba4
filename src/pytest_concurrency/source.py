"""From the instruction at which a frame stands to the expression in its source (PEP 657), and whose source it is."""

from __future__ import annotations

import ast
import itertools
import os
import types
from functools import lru_cache
from typing import TypeAlias

PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
"""The folder of this package: code below it is ours."""
Position: TypeAlias = tuple[int | None, int | None, int | None, int | None]
"""First and last line (from 1), first column and the one after the last (bytes), as ``co_positions`` gives them."""


def position_at(code: types.CodeType, lasti: int) -> Position | None:
    """Return where in the source the instruction at offset ``lasti`` comes from, None where there is none."""
    return next(itertools.islice(code.co_positions(), lasti // 2, None), None) if lasti >= 0 else None


def position_of(node: ast.expr | ast.stmt) -> Position:
    """Return where in the source ``node`` stands."""
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


@lru_cache(maxsize=64)
def parsed(source: str) -> ast.Module | None:
    """Return the syntax tree of a module, None where ``source`` is empty or is not Python."""
    try:
        return ast.parse(source) if source else None
    except (SyntaxError, ValueError):
        return None
