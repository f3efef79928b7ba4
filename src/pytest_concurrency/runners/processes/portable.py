"""Callables that travel to another process although they are nested functions or lambdas.

``pickle`` finds functions by name only. A function of a test (``lambda: work(3)``) has no name to be found by, so its
code travels with it; everything it refers to still has to be picklable.
"""

from __future__ import annotations

import functools
import importlib
import marshal
import sys
import types
from collections.abc import Callable
from typing import Any


def is_importable(function: object) -> bool:
    """Return whether ``pickle`` can find ``function`` by module and name."""
    found: Any = sys.modules.get(getattr(function, "__module__", None) or "")
    for name in getattr(function, "__qualname__", "<none>").split("."):
        found = getattr(found, name, None)
    return found is function


class Portable:
    """Wraps a callable so that it can be pickled; calling it calls the callable."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        function = self.function
        if isinstance(function, types.MethodType) and not is_importable(function):
            return _bound, (Portable(function.__func__), function.__self__)
        if type(function) is functools.partial:
            return _partial, (Portable(function.func), function.args, function.keywords)
        if not isinstance(function, types.FunctionType) or is_importable(function):
            return Portable, (function,)
        cells = tuple(_packed(cell.cell_contents) for cell in function.__closure__ or ())
        return _rebuilt, (
            marshal.dumps(function.__code__),
            function.__module__,
            function.__name__,
            function.__qualname__,
            function.__defaults__,
            function.__kwdefaults__,
            cells,
        )


def _packed(value: object) -> object:
    return Portable(value) if isinstance(value, types.FunctionType) and not is_importable(value) else value


def _unpacked(value: Any) -> Any:
    return value.function if isinstance(value, Portable) else value


def _partial(function: Portable, args: tuple[Any, ...], keywords: dict[str, Any]) -> Portable:
    return Portable(functools.partial(_unpacked(function), *args, **keywords))


def _bound(function: Portable, instance: object) -> Portable:
    return Portable(types.MethodType(_unpacked(function), instance))


def _rebuilt(
    code: bytes,
    module: str,
    name: str,
    qualname: str,
    defaults: tuple[Any, ...] | None,
    keyword_defaults: dict[str, Any] | None,
    cells: tuple[Any, ...],
) -> Portable:
    namespace = vars(importlib.import_module(module))
    closure = tuple(types.CellType(_unpacked(value)) for value in cells)
    function = types.FunctionType(marshal.loads(code), namespace, name, defaults, closure)
    function.__kwdefaults__ = keyword_defaults
    function.__qualname__ = qualname
    function.__module__ = module
    return Portable(function)
