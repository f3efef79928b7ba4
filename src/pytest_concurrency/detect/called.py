"""What a reader calls a container: as the source does, with the class for ``self``: ``Account.items``, not ``list``.

A container knows its type and not its name; the line that touches it mostly says where it was got from.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from functools import lru_cache

from ..instrument.vocabulary import CONTAINER_METHODS
from ..source import parsed
from ..trace.outcome import Row
from ..trace.target import parts_of

LONGEST = 30
"""Letters of a name that says more than the type does."""
PARTS = frozenset({"container", "item"})
"""The second part of the locations of containers and of their items."""
_ITEM, _BY_METHOD, _WHOLE = "[]", "[].", ""


def called(row: Row) -> str:
    """Return what ``row`` is about in a reader's words; its target where the source does not tell."""
    if not (isinstance(row.location, tuple) and len(row.location) > 1 and row.location[1] in PARTS and row.line):
        return row.target
    target = parts_of(row.target)
    if target.has_item:
        name = _name(row, _ITEM)
        return f"{name}[{target.item}]" if name else row.target
    if target.function:
        name = _name(row, f"{target.function}()")
        return f"{target.function}({name})" if name else row.target
    name = _name(row, target.member or _WHOLE)
    return (f"{name}.{target.member}" if target.member else name) if name else row.target


def is_method(row: Row) -> bool:
    """Say whether ``row`` is a call of a container's method, or of a function that is handed one."""
    container = isinstance(row.location, tuple) and row.location[1:] == ("container",)
    target = parts_of(row.target)
    return container and bool(target.member or target.function)


def _name(row: Row, use: str) -> str:
    """Return the one name of what is used so on the line of ``row``, or an empty string."""
    names = _uses("".join(linecache.getlines(row.path))).get(row.line, {})
    found = names.get(use, ())
    if not found and use == _ITEM:
        found = names.get(_BY_METHOD, ())
    return next(iter(found)) if len(found) == 1 else ""


@lru_cache(maxsize=32)
def _uses(source: str) -> dict[int, dict[str, frozenset[str]]]:
    """Return the names of a module by line and use: a method, ``[]``, a function with ``()``, or the whole."""
    tree = parsed(source)
    found: dict[int, dict[str, set[str]]] = {}
    for value, use, owner in _values(tree, "") if tree is not None else ():
        name = _chain(value, owner)
        line = value.end_lineno or value.lineno
        # what has no name stands there, too, and makes those that have one doubtful
        found.setdefault(line, {}).setdefault(use, set()).update([name] if 0 < len(name) <= LONGEST else ["", "?"])
    return {line: {use: frozenset(names) for use, names in uses.items()} for line, uses in found.items()}


def _values(tree: ast.AST, owner: str) -> Iterator[tuple[ast.expr, str, str]]:
    """Yield each value that ``tree``, in the class ``owner``, uses or may use as a container, how, and its class."""
    skipped: set[ast.expr] = set()
    for node in ast.iter_child_nodes(tree):
        inner = node.name if isinstance(node, ast.ClassDef) else owner
        yield from _of(node, inner, skipped)


def _of(node: ast.AST, owner: str, skipped: set[ast.expr]) -> Iterator[tuple[ast.expr, str, str]]:
    for value, use in _parts(node):
        if use is None:
            skipped.add(value)
        else:
            yield value, use, owner
    if isinstance(node, ast.Attribute | ast.Name) and _chain(node, owner):
        if node not in skipped and isinstance(node.ctx, ast.Load):
            yield node, _WHOLE, owner
        return
    for child in ast.iter_child_nodes(node):
        yield from _of(child, child.name if isinstance(child, ast.ClassDef) else owner, skipped)


def _parts(node: ast.AST) -> Iterator[tuple[ast.expr, str | None]]:
    """Yield what ``node`` uses and how; with None, what it does not use as a whole container."""
    if isinstance(node, ast.Call):
        function = node.func
        name = getattr(function, "id", "")
        if isinstance(function, ast.Attribute):
            name = function.attr
            yield function.value, None
            if name in CONTAINER_METHODS:
                yield function.value, name
                if node.args:
                    yield function.value, _BY_METHOD
        yield function, None
        if node.args:
            yield node.args[0], f"{name}()"
    elif isinstance(node, ast.Subscript):
        yield node.value, None
        yield node.value, _ITEM
    elif isinstance(node, ast.Compare):
        yield from _compared(node)
    elif isinstance(node, ast.For | ast.comprehension):
        yield from _unnamed(node.iter)
    elif isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert):
        if isinstance(node.test, ast.Call):
            yield node.test, _WHOLE
    elif isinstance(node, ast.Starred):
        yield from _unnamed(node.value)
    elif isinstance(node, ast.BinOp):
        yield from _unnamed(node.left)
        yield from _unnamed(node.right)


def _compared(node: ast.Compare) -> Iterator[tuple[ast.expr, str | None]]:
    values = [node.left, *node.comparators]
    for left, operator, right in zip(values, node.ops, values[1:], strict=False):
        if isinstance(operator, ast.In | ast.NotIn):
            yield left, None
            yield right, _ITEM
            yield from _unnamed(right)
        elif isinstance(operator, ast.Eq | ast.NotEq):
            yield from _unnamed(left)
            yield from _unnamed(right)
        else:
            yield left, None
            yield right, None


def _unnamed(value: ast.expr) -> Iterator[tuple[ast.expr, str]]:
    """Yield ``value`` where it may be a container that has no name."""
    if not isinstance(value, ast.Constant | ast.Attribute | ast.Name):
        yield value, _WHOLE


def _chain(value: ast.expr, owner: str) -> str:
    """Return ``a.b.c`` as it stands there, the class ``owner`` for ``self``; an empty string for other expressions."""
    parts: list[str] = []
    while isinstance(value, ast.Attribute):
        parts.append(value.attr)
        value = value.value
    if not isinstance(value, ast.Name):
        return ""
    first = owner if value.id == "self" and owner and parts else value.id
    return ".".join([first, *reversed(parts)])
