"""Whether the code of the project may have looked at the outcome of a greenlet in a way that leaves no trace.

A greenlet's attributes cannot be watched, so it is the source that tells. Where that leaves a doubt somebody may have
looked: no finding is better than a wrong one.
"""

from __future__ import annotations

import ast
import os
import sys
import types
from collections.abc import Iterator
from typing import Any

from ...project import holds
from .callsite import MISSING, static_attribute, syntax_of

_LOOKS = frozenset({"exc_info", "successful", "link", "link_exception", "rawlink", "link_value", "exception", "value"})
_SPAWNS = frozenset({"spawn", "spawn_later", "spawn_raw"})


class Looks:
    """Answers for one repeat of the test function ``test`` in the file ``own`` of the project in the directory
    ``root``."""

    def __init__(self, test: str, own: str, root: str) -> None:
        self._test = test
        self._own = own
        self._root = root
        self._any: bool | None = None

    def may_be_at(self, site: tuple[str, int]) -> bool:
        """Return whether somebody may have looked at a greenlet that was spawned at ``site`` (file and line)."""
        tree = syntax_of(site[0])
        if tree is None:
            return True
        if self.dropped(site):
            return False
        if self._any is None:
            self._any = any(self._looks(path) for path in self._files({site[0]}))
        return self._any or self._looks(site[0])

    def dropped(self, site: tuple[str, int]) -> bool:
        """Return whether a greenlet that was spawned at ``site`` is handed to nobody who could look at it."""
        tree = syntax_of(site[0])
        return tree is not None and _is_dropped(tree, site[1], self._namespace(site[0]))

    def _files(self, files: set[str]) -> set[str]:
        """Return ``files`` with the source files of the modules of the project, but for tests that do not run now."""
        used = {getattr(value, "__module__", None) for value in self._namespace(self._own).values()}
        used |= {value.__name__ for value in self._namespace(self._own).values() if isinstance(value, types.ModuleType)}
        for name, module in list(sys.modules.items()):
            path = getattr(module, "__file__", None)
            if isinstance(path, str) and self._root and holds(path, self._root):
                if path == self._own or name in used or not _is_test_module(path):
                    files.add(path)
        return files

    @staticmethod
    def _namespace(path: str) -> dict[str, Any]:
        for module in list(sys.modules.values()):
            if getattr(module, "__file__", None) == path:
                return vars(module)
        return {}

    def _looks(self, path: str) -> bool:
        tree = syntax_of(path)
        if tree is None:
            return True
        namespace = self._namespace(path)
        called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        for node, owner, function in _without_other_tests(tree, self._test):
            if isinstance(node, ast.Attribute) and node.attr in _LOOKS and isinstance(node.ctx, ast.Load):
                if node.attr == "exception" and id(node) in called:
                    continue  # logging's, not a greenlet's
                if not _is_other(node.value, owner, function, namespace):
                    return True
        return False


def _is_test_module(path: str) -> bool:
    name = os.path.basename(path)
    return name.startswith("test_") or name.endswith("_test.py")


Function = ast.FunctionDef | ast.AsyncFunctionDef


def _without_other_tests(tree: ast.Module, test: str) -> Iterator[tuple[ast.AST, ast.ClassDef | None, Function | None]]:
    """Yield each node with the class and the function that it stands in; test functions other than ``test`` do not run
    now, unless something names them."""
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    named |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    waiting: list[tuple[ast.AST, ast.ClassDef | None, Function | None]] = [(tree, None, None)]
    while waiting:
        node, owner, function = waiting.pop()
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            if test and node.name != test and node.name not in named:
                continue
        yield node, owner, function
        if isinstance(node, ast.ClassDef):
            owner = node
        if isinstance(node, Function):
            function = node
        waiting.extend((child, owner, function) for child in ast.iter_child_nodes(node))


def _is_other(base: ast.expr, owner: ast.ClassDef | None, function: Function | None, namespace: dict[str, Any]) -> bool:
    """Return whether ``base`` is known to stand for something that is no greenlet."""
    if isinstance(base, ast.Call):
        return _is_class(_resolved(base.func, namespace))
    if isinstance(base, ast.Name):
        if function is not None and owner is not None and base.id == "self":
            return _is_class(_resolved(ast.Name(owner.name), namespace))
        stores = _stores(base.id, function) if function is not None else None
        if stores is None:
            return _is_plain(_resolved(base, namespace))
        return bool(stores) and all(
            isinstance(value, ast.Call) and _is_class(_resolved(value.func, namespace)) for value in stores
        )
    return isinstance(base, ast.Attribute) and _is_plain(_resolved(base, namespace))


def _stores(name: str, function: Function) -> list[ast.expr] | None:
    """Return what ``function`` binds ``name`` to; [] where that cannot be told, None where it does not bind it."""
    values: list[ast.expr] = []
    bound = [arg.arg for arg in ast.walk(function.args) if isinstance(arg, ast.arg)]
    names = sum(
        1
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load)
    )
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            values.append(node.value)
        if isinstance(node, (ast.Nonlocal, ast.Global)) and name in node.names:
            return []
    if name in bound or names != len(values):
        return []
    return values or None


def _resolved(expression: ast.expr, namespace: dict[str, Any]) -> Any:
    """Return what a name or a dotted name of a module stands for, or :data:`MISSING`."""
    if isinstance(expression, ast.Name):
        return namespace.get(expression.id, MISSING)
    if isinstance(expression, ast.Attribute):
        owner = _resolved(expression.value, namespace)
        if isinstance(owner, (types.ModuleType, type)):
            return static_attribute(owner, expression.attr)
    return MISSING


def _is_class(found: Any) -> bool:
    """Return whether ``found`` is a class whose instances are no greenlets."""
    import greenlet

    return isinstance(found, type) and not issubclass(found, greenlet.greenlet) and found.__module__ != "gevent.event"


def _is_plain(found: Any) -> bool:
    """Return whether ``found``, a value of a module, has the attribute that is asked for and is no greenlet."""
    if isinstance(found, (types.ModuleType, type)):
        return True
    return type(found).__module__ not in ("builtins", "weakref") and _is_class(type(found))


def _is_dropped(tree: ast.Module, line: int, namespace: dict[str, Any]) -> bool:
    """Return whether the greenlet that is spawned at ``line`` is handed to nobody: not kept, in no pool or group."""
    import gevent

    here = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and n.lineno <= line <= (n.end_lineno or 0)]
    spawns = [call for call in here if _name(call.func) in _SPAWNS]
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    if len(spawns) != 1 or id(spawns[0]) not in statements:
        return False
    if any(_name(node) == "getcurrent" for node in ast.walk(tree) if isinstance(node, (ast.Name, ast.Attribute))):
        return False
    function = spawns[0].func
    if isinstance(function, ast.Attribute):
        return _resolved(function.value, namespace) in (gevent, gevent.Greenlet)
    found = _resolved(function, namespace)
    return found is not MISSING and found in (gevent.spawn, gevent.spawn_later)


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
