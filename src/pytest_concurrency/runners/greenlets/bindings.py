"""Where a name got its value: the line that bound a blocking original before gevent could replace it."""

from __future__ import annotations

import ast
import functools
import inspect
import types
from dataclasses import dataclass
from typing import Any

from .callsite import MISSING, Names, syntax_of
from .evidence import FrameView


@dataclass(frozen=True, slots=True)
class Binding:
    """How code came to hold an object: ``how`` in words, and the line that bound it (0 where it is not known)."""

    how: str
    path: str
    line: int


def binding_of(expression: ast.expr | None, frame: FrameView, thing: Any) -> Binding | None:
    """Return how ``expression``, which stands for ``thing`` in ``frame``, was bound; None where nothing tells."""
    if isinstance(thing, functools.partial):
        inner = binding_of(expression, frame, None)
        return Binding("a functools.partial", inner.path, inner.line) if inner else None
    if isinstance(expression, ast.Name):
        return _of_name(expression.id, frame)
    if isinstance(expression, ast.Subscript):
        base = binding_of(expression.value, frame, None)
        return Binding(f"an entry of {ast.unparse(expression.value)}", base.path, base.line) if base else None
    if isinstance(expression, ast.Attribute):
        owner = Names(frame).resolve(expression.value)
        if isinstance(owner, types.ModuleType):
            return module_binding(owner.__name__, getattr(owner, "__file__", None) or "", expression.attr)
        if owner is not MISSING:
            return _of_class(owner if isinstance(owner, type) else type(owner), expression.attr)
    return None


def _of_name(name: str, frame: FrameView) -> Binding | None:
    code = frame.code
    path = code.co_filename
    if name in (frame.variables or {}):
        if name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
            line = _default_line(path, code, name)
            return Binding(f"the default of parameter {name!r}", path, line) if line else None
        line = _assigned(_function_body(path, code), name)
        return Binding(f"the local name {name!r}", path, line) if line else _enclosing(path, name)
    return module_binding(frame.namespace.get("__name__", ""), frame.namespace.get("__file__") or path, name)


def module_binding(module: str, path: str, name: str) -> Binding | None:
    """Return where the global ``name`` of ``module``, whose source is ``path``, is bound."""
    tree = syntax_of(path)
    line = _assigned(tree.body, name) if tree is not None else 0
    return Binding(f"the module attribute {module}.{name}", path, line) if line else None


def _of_class(cls: type, name: str) -> Binding | None:
    for base in cls.__mro__:
        if name in vars(base):
            try:
                path = inspect.getsourcefile(base)
            except TypeError:
                return None
            tree = syntax_of(path) if path else None
            for node in ast.walk(tree) if tree else ():
                if isinstance(node, ast.ClassDef) and node.name == base.__name__:
                    line = _assigned(node.body, name)
                    if line:
                        return Binding(f"the class attribute {base.__name__}.{name}", path or "", line)
    return _of_instance(cls, name)


def _of_instance(cls: type, name: str) -> Binding | None:
    for base in cls.__mro__:
        try:
            path = inspect.getsourcefile(base)
        except TypeError:
            continue
        tree = syntax_of(path) if path else None
        for node in ast.walk(tree) if tree else ():
            if not isinstance(node, ast.ClassDef) or node.name != base.__name__:
                continue
            for inner in ast.walk(node):
                if isinstance(inner, (ast.Assign, ast.AnnAssign)) and any(
                    isinstance(target, ast.Attribute) and target.attr == name for target in _targets(inner)
                ):
                    return Binding(f"the attribute {base.__name__}.{name}", path or "", inner.lineno)
    return None


def _default_line(path: str, code: types.CodeType, name: str) -> int:
    node = _function(path, code)
    if node is None:
        return 0
    arguments = node.args
    plain = [*arguments.posonlyargs, *arguments.args]
    pairs: list[tuple[ast.arg, ast.expr | None]] = list(
        zip(plain[len(plain) - len(arguments.defaults) :], arguments.defaults, strict=True)
    )
    pairs += list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
    return next((default.lineno for argument, default in pairs if argument.arg == name and default is not None), 0)


def _function(path: str, code: types.CodeType) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | None:
    tree = syntax_of(path)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == code.co_name:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if first <= code.co_firstlineno <= node.lineno:
                return node
        elif isinstance(node, ast.Lambda) and code.co_name == "<lambda>" and node.lineno == code.co_firstlineno:
            return node
    return None


def _function_body(path: str, code: types.CodeType) -> list[ast.stmt]:
    node = _function(path, code)
    return node.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else []


def _enclosing(path: str, name: str) -> Binding | None:
    tree = syntax_of(path)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            line = _assigned(node.body, name)
            if line:
                return Binding(f"the name {name!r} of {node.name}()", path, line)
    return None


def _assigned(body: list[ast.stmt], name: str) -> int:
    """Return the line of the first statement that binds ``name``, not looking into functions and classes; 0 if none."""
    pending = list(body)
    while pending:
        node = pending.pop(0)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            if any((alias.asname or alias.name.partition(".")[0]) == name for alias in node.names):
                return node.lineno
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            if any(isinstance(target, ast.Name) and target.id == name for target in _targets(node)):
                return node.lineno
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if node.name == name:
                return node.lineno
        else:
            if isinstance(node, ast.With) and any(
                isinstance(item.optional_vars, ast.Name) and item.optional_vars.id == name for item in node.items
            ):
                return node.lineno
            inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
            for handler in getattr(node, "handlers", ()):
                inner += handler.body
            pending = inner + pending
    return 0


def _targets(node: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    flat: list[ast.expr] = []
    for target in targets:
        flat += target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
    return flat
