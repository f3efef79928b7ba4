"""Which functions a piece of code can reach, and which globals they read: from code objects alone."""

from __future__ import annotations

import dis
import functools
import inspect
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .sites import is_own

_LIMIT = 400
_LOADS = frozenset({"LOAD_GLOBAL", "LOAD_NAME"})
_ATTRIBUTES = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
Spot = tuple[float, float]
"""Line (from 1) and column."""
START: Spot = (0, 0)


@dataclass(frozen=True, slots=True)
class Read:
    """A line that reads a global (``module.name``; ``attribute`` is what is loaded from it at once, if anything)."""

    module: str
    name: str
    attribute: str
    path: str
    line: int
    function: str


def code_of(function: object) -> types.CodeType | None:
    """Return the code that runs when ``function`` is called, None where it is not Python."""
    if isinstance(function, types.CodeType):
        return function
    while isinstance(function, functools.partial):
        function = function.func
    if isinstance(function, types.MethodType):
        function = function.__func__
    if callable(function) and not isinstance(function, (types.FunctionType, type)):
        function = _call_of(function)
    try:
        function = inspect.unwrap(function)  # type: ignore[arg-type]
    except ValueError:
        return None
    return getattr(function, "__code__", None)


def namespace_of(function: object) -> dict[str, Any]:
    """Return the globals of ``function``."""
    while isinstance(function, functools.partial):
        function = function.func
    if isinstance(function, types.MethodType):
        function = function.__func__
    if callable(function) and not isinstance(function, (types.FunctionType, type)):
        function = _call_of(function)
    return getattr(function, "__globals__", {})


def _call_of(function: object) -> Any:
    return vars(type(function)).get("__call__", function)


Reached = dict[types.CodeType, dict[str, Any]]


def reachable(
    code: types.CodeType | None, namespace: dict[str, Any], rootdir: str, by_name: bool, after: Spot = START
) -> Reached:
    """Return the own code that ``code`` can reach, with the globals of each.

    Followed are nested functions, globals, attributes of modules, and classes with all their methods; with ``by_name``
    also every own method and function that has the name of an attribute that is loaded (too much rather than too
    little). ``after``: of ``code`` itself only what stands after this spot counts.
    """
    reached: Reached = {}
    waiting: list[tuple[types.CodeType, dict[str, Any], Spot]] = [(code, namespace, after)] if code else []
    index = _methods_by_name(rootdir) if by_name else {}
    while waiting and len(reached) < _LIMIT:
        current, space, limit = waiting.pop()
        if current in reached:
            continue
        reached[current] = space
        for constant in current.co_consts:
            if isinstance(constant, types.CodeType):
                waiting.append((constant, space, START))
        for loaded, attribute, at in _loads(current):
            if at <= limit:
                continue
            value = space.get(loaded)
            if isinstance(value, types.ModuleType) and attribute:
                value = vars(value).get(attribute)
            waiting += [(*found, START) for found in _callables(value, rootdir)]
            if not isinstance(value, (types.FunctionType, type, types.ModuleType)) and attribute:
                method = getattr(type(value), attribute, None)
                waiting += [(*found, START) for found in _callables(method, rootdir)]
        for name in current.co_names:
            waiting += [(*found, START) for found in index.get(name, ())]
    return reached


def _callables(value: Any, rootdir: str) -> Iterator[tuple[types.CodeType, dict[str, Any]]]:
    if isinstance(value, type):
        for member in vars(value).values():
            if isinstance(member, (staticmethod, classmethod)):
                member = member.__func__
            if isinstance(member, property):
                member = member.fget
            if isinstance(member, types.FunctionType):
                yield from _callables(member, rootdir)
        return
    if isinstance(value, (types.FunctionType, types.MethodType, functools.partial)) or hasattr(value, "__wrapped__"):
        code = code_of(value)
        if code is not None and is_own(code.co_filename, rootdir):
            yield code, namespace_of(inspect.unwrap(value) if hasattr(value, "__wrapped__") else value)


def _methods_by_name(rootdir: str) -> dict[str, list[tuple[types.CodeType, dict[str, Any]]]]:
    from .globals import own_modules

    index: dict[str, list[tuple[types.CodeType, dict[str, Any]]]] = {}
    for module in own_modules(rootdir):
        for value in list(vars(module).values()):
            for code, space in _callables(value, rootdir):
                index.setdefault(code.co_name, []).append((code, space))
    return index


def _loads(code: types.CodeType) -> Iterator[tuple[str, str, tuple[int, int]]]:
    """Yield (global, attribute loaded from it next or "", line and column) for each load of a global."""
    pending: tuple[str, tuple[int, int]] | None = None
    line, column = code.co_firstlineno, 0
    for instruction in dis.get_instructions(code):
        position = instruction.positions
        if position is not None and position.lineno is not None:
            line, column = position.lineno, position.col_offset or 0
        if pending is not None:
            attribute = str(instruction.argval) if instruction.opname in _ATTRIBUTES else ""
            yield pending[0], attribute, pending[1]
            pending = None
        if instruction.opname in _LOADS:
            pending = (str(instruction.argval), (line, column))
    if pending is not None:
        yield pending[0], "", pending[1]


def reads(code: types.CodeType, namespace: dict[str, Any], after: Spot = START) -> Iterator[Read]:
    """Yield every read of a global in ``code`` after ``after``; ``module.name`` counts as a read of ``name``."""
    own = str(namespace.get("__name__", ""))
    for name, attribute, at in _loads(code):
        if at <= after:
            continue
        line, _ = at
        value = namespace.get(name)
        if isinstance(value, types.ModuleType) and attribute:
            yield Read(value.__name__, attribute, "", code.co_filename, line, code.co_qualname)
        else:
            module = own
            if isinstance(value, type) and value.__module__ in sys.modules:
                module = value.__module__
            yield Read(module, name, attribute, code.co_filename, line, code.co_qualname)


def augments(code: types.CodeType, name: str) -> bool:
    """Return whether ``code`` both reads and rebinds the global ``name``."""
    names = {(i.opname, i.argval) for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "STORE_GLOBAL")}
    return ("LOAD_GLOBAL", name) in names and ("STORE_GLOBAL", name) in names


def attribute_used(kind: type, method: str, attribute: str) -> bool:
    """Return whether the method or property ``method`` of ``kind`` mentions ``attribute``."""
    member: Any = getattr(kind, method, None)
    if isinstance(member, property):
        member = member.fget
    code = code_of(member) if isinstance(member, Callable) else None  # type: ignore[arg-type]
    return code is not None and attribute in code.co_names
