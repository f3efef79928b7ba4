"""From a frame's instruction to the call in its source, and to what is called, without running anything."""

from __future__ import annotations

import ast
import builtins
import dis
import functools
import inspect
import linecache
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...source import parsed, position_at, position_of
from .evidence import FrameView

MISSING = object()


@dataclass(frozen=True, slots=True)
class Callee:
    """What a call site calls.

    ``text`` is the expression as written, ``expression`` its syntax; ``function`` the callable, ``owner`` the object
    whose method it is (either is :data:`MISSING` where it cannot be told without running code); ``kind`` "call", "with"
    or "iter".
    """

    text: str
    expression: ast.expr | None
    function: Any
    owner: Any
    kind: str = "call"

    @property
    def shown(self) -> str:
        """Return the operation for people: ``lock.acquire()``, ``with lock``, ``for line in stream``."""
        if self.kind == "with":
            return f"with {self.text}"
        return f"iteration of {self.text}" if self.kind == "iter" else f"{self.text}()"


def runs_in_c(function: object) -> bool:
    """Return whether calling ``function`` runs C code: a built-in, or an object whose class is written in C."""
    if isinstance(function, (types.FunctionType, types.MethodType, type)):
        return False
    called = inspect.getattr_static(type(function), "__call__", None)
    return isinstance(called, types.WrapperDescriptorType)


@functools.lru_cache(maxsize=64)
def syntax_of(filename: str) -> ast.Module | None:
    """Return the syntax tree of a source file, None where it cannot be read or parsed."""
    return parsed("".join(linecache.getlines(filename)))


@functools.lru_cache(maxsize=512)
def site_at(code: types.CodeType, lasti: int) -> tuple[str, ast.expr] | None:
    """Return ("call", the call), ("with", the context expression) or ("iter", the iterated one); None if none."""
    positions = position_at(code, lasti)
    tree = syntax_of(code.co_filename)
    if positions is None or tree is None:
        return None
    best: tuple[str, ast.expr] | None = None
    iterates = dis.opname[code.co_code[lasti]] == "FOR_ITER"  # what it iterates over may be a call, which is over
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and position_of(node) == positions and not iterates:
            return "call", node
        if isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                if position_of(item.context_expr) == positions:
                    best = "with", item.context_expr
            if position_of(node) == positions:  # 3.11 gives the whole statement
                index = min(_entered_before(code, lasti), len(node.items) - 1)
                best = "with", node.items[index].context_expr
        elif isinstance(node, (ast.For, ast.comprehension)) and positions in (
            position_of(node.iter),
            position_of(node) if isinstance(node, ast.For) else None,
        ):
            best = "iter", node.iter
    return best


def _entered_before(code: types.CodeType, lasti: int) -> int:
    """Return how many managers of the same ``with`` statement were entered before the one at ``lasti``."""
    entries = [i for i in dis.get_instructions(code) if i.opname == "BEFORE_WITH" and i.offset <= lasti]
    return sum(i.positions == entries[-1].positions for i in entries) - 1 if entries else 0


def callee_of(frame: FrameView) -> Callee | None:
    """Return what ``frame`` is calling (for ``with lock:`` the lock's ``__enter__``), None where there is no source."""
    found = site_at(frame.code, frame.lasti)
    if frame.runs is not None:
        return _spawned(frame, found[1] if found is not None else None)
    if found is None:
        return None
    kind, expression = found
    if isinstance(expression, ast.Call) and kind == "call":
        expression = expression.func
    text = ast.unparse(expression)
    names = Names(frame)
    if kind == "call":
        if isinstance(expression, ast.Attribute):
            owner = names.resolve(expression.value)
            function = MISSING if owner is MISSING else static_attribute(owner, expression.attr)
            return Callee(text, expression, function, owner)
        return Callee(text, expression, names.resolve(expression), MISSING)
    owner = names.resolve(expression)
    method = "__enter__" if kind == "with" else "__next__"
    return Callee(text, expression, MISSING if owner is MISSING else static_attribute(owner, method), owner, kind)


def _spawned(frame: FrameView, call: ast.expr | None) -> Callee:
    """Return the C function that was handed to ``call``, which spawned a greenlet, as what that greenlet calls."""
    function = frame.runs
    owner = getattr(function, "__self__", MISSING)
    if isinstance(owner, types.ModuleType) or owner is None:
        owner = MISSING
    given = call.args if isinstance(call, ast.Call) else []
    names = Names(frame)
    passed = next((arg for arg in given if names.resolve(arg) is function), None)
    text = ast.unparse(passed) if passed is not None else str(getattr(function, "__name__", type(function).__name__))
    return Callee(text, passed, function, owner)


class Names:
    """Resolves expressions in a frame as it stood: names, attributes and constant subscripts; runs no code."""

    def __init__(self, frame: FrameView) -> None:
        self._variables: Mapping[str, Any] = frame.variables or {}
        self._namespace = frame.namespace

    def resolve(self, expression: ast.expr) -> Any:
        """Return the object that ``expression`` stands for, or :data:`MISSING`."""
        if isinstance(expression, ast.Name):
            for space in (self._variables, self._namespace, vars(builtins)):
                if expression.id in space:
                    return space[expression.id]
            return MISSING
        if isinstance(expression, ast.Constant):
            return expression.value
        if isinstance(expression, ast.Attribute):
            owner = self.resolve(expression.value)
            return MISSING if owner is MISSING else static_attribute(owner, expression.attr)
        if isinstance(expression, ast.Subscript):
            return self._item(self.resolve(expression.value), self.resolve(expression.slice))
        return MISSING

    @staticmethod
    def _item(container: Any, key: Any) -> Any:
        if type(container) not in (dict, list, tuple) or type(key) not in (str, int, bytes, bool, type(None)):
            return MISSING
        try:
            return container[key]
        except (KeyError, IndexError, TypeError):
            return MISSING


def static_attribute(owner: Any, name: str) -> Any:
    """Return ``owner.name`` without running a property, a ``__getattr__`` or a foreign descriptor."""
    if isinstance(owner, types.ModuleType):
        return vars(owner).get(name, MISSING)
    try:
        value = inspect.getattr_static(owner, name)
    except AttributeError:
        return MISSING
    if isinstance(value, (staticmethod, classmethod)):
        return value.__func__
    if isinstance(value, types.MemberDescriptorType):  # a slot
        try:
            return value.__get__(owner, type(owner))
        except AttributeError:
            return MISSING
    if isinstance(value, (property, functools.cached_property)):
        return MISSING
    return value
