"""Finding in a test's code what is not made for threads: from its code objects, once a function, when it is run.

Names are resolved as the interpreter would: through the function's globals, its closure, its own imports, and the
attributes of modules and classes. Helpers of the test's own module are followed to a small depth.
"""

from __future__ import annotations

import contextlib
import dis
import importlib
import inspect
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ...project import holds
from .blame import is_of_tests
from .rules import CHANGES, METHODS, Rules, containers

DEPTH = 3
"""Calls into helpers, of the test's own module and of other files of tests, that are followed."""
_UNKNOWN = object()
_LOADS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_CLASSDEREF"})
_CHANGES = frozenset({"STORE_ATTR", "DELETE_ATTR", "STORE_SUBSCR", "DELETE_SUBSCR"})
_SILENT = frozenset({"PUSH_NULL", "COPY", "RESUME", "PRECALL", "CACHE", "NOP", "EXTENDED_ARG"})
"""Instructions after which the same is on top of the stack."""
_SETUPS = ("setUp", "tearDown", "setup_method", "teardown_method", "setup", "teardown")


@dataclass(slots=True)
class _Stack:
    """What is on ``top`` of the stack and ``before`` it, as far as it is known; ``on_self``: the test's instance is."""

    top: Any = _UNKNOWN
    before: Any = _UNKNOWN
    on_self: bool = False

    def push(self, value: Any) -> None:
        self.before, self.top, self.on_self = self.top, value, False

    def forget(self) -> None:
        self.top, self.on_self = _UNKNOWN, False


class Scanner:
    """Says what keeps a test on one worker; remembers the answer for each function of the session."""

    def __init__(self, rules: Rules, root: str = "") -> None:
        self._rules = rules
        self._root = root
        self._tests: dict[str, bool] = {}
        self._known: dict[tuple[types.CodeType | types.FunctionType, type | None], str] = {}
        self._unsafe: dict[int, str] = {}
        self._containers: dict[int, str] = {}

    def reason(self, item: pytest.Function) -> str:
        """Return what in ``item`` is not made for threads ("the fixture capsys"), or "" where nothing is known."""
        info = item._fixtureinfo
        for name in info.names_closure:
            if name in self._rules.fixtures:
                return _through(info, name)
        if self._rules.hypothesis and getattr(item.obj, "is_hypothesis_test", False):
            return "Hypothesis (its examples would be shared; mark the test with stress_threads)"
        self.prepare()
        for function in _functions_of(item):
            found = self.of_function(function, item.cls, DEPTH)
            if found:
                return found
        for name in info.names_closure:
            for definition in info.name2fixturedefs.get(name, ()):
                if definition.scope != "function":
                    continue
                if getattr(definition.func, "__module__", "").startswith("_pytest"):
                    continue
                found = self.of_function(definition.func, item.cls, DEPTH)
                if found:
                    return f"{found} in the fixture {name}"
        return ""

    def prepare(self) -> None:
        """Look the unsafe objects up; modules may have come since the last time."""
        self._unsafe = self._rules.unsafe_objects()
        self._containers = containers()

    def of_function(self, function: Any, cls: type | None, depth: int) -> str:
        """Return what in ``function``, a method of ``cls`` perhaps, is not made for threads."""
        for layer in _layers(function):
            if getattr(layer, "patchings", None):
                return "unittest.mock.patch"
            if type(layer) is not types.FunctionType:
                continue
            key = (layer if layer.__closure__ else layer.__code__, cls)  # wrappers share their code, not what they wrap
            known = self._known.get(key)
            if known is None:
                self._known[key] = ""  # recursion ends here
                known = self._known[key] = self._code(layer.__code__, layer, cls, depth)
            if known:
                return known
        return ""

    def _code(self, code: types.CodeType, function: types.FunctionType, cls: type | None, depth: int) -> str:
        helpers: list[Any] = []
        found = self._walk(code, function, cls, helpers)
        if found or depth <= 0:
            return found
        for helper in helpers:
            found = self.of_function(helper, cls, depth - 1)
            if found:
                return found
        return ""

    def _walk(self, code: types.CodeType, function: types.FunctionType, cls: type | None, helpers: list[Any]) -> str:
        """Go through the instructions of ``code`` with the names resolved; collect helpers of the same module."""
        cells = _cells(function)
        imported: dict[str, Any] = {}
        own = code.co_varnames[0] if code.co_argcount and cls is not None else ""
        stack = _Stack()
        module: Any = _UNKNOWN
        for step in dis.get_instructions(code):
            name, value = step.opname, step.argval
            found = ""
            if name in _LOADS:
                stack.push(cells.get(value, _UNKNOWN) if "DEREF" in name else function.__globals__.get(value, _UNKNOWN))
                found = self._used(stack.top, function, helpers)
            elif name == "IMPORT_NAME":
                stack.top = module = _import(value)
                found = str(value) if self._of_module(value) else ""
            elif name == "IMPORT_FROM":
                stack.push(_attribute(module, value))
                found = self._loaded(stack.top)
            elif name in ("STORE_FAST", "STORE_DEREF"):
                if stack.top is not _UNKNOWN and isinstance(value, str) and module is not _UNKNOWN:
                    imported[value] = stack.top
                stack.top = module
            elif name.startswith("LOAD_FAST"):
                stack.push(imported.get(value, _UNKNOWN) if isinstance(value, str) else _UNKNOWN)
                stack.on_self = bool(own) and value == own
            elif name in ("LOAD_ATTR", "LOAD_METHOD"):
                found = self._asked_of(stack, value)
                if not found:
                    stack.top = _method(cls, value) if stack.on_self else _attribute(stack.top, value)
                    found = "" if stack.on_self else self._loaded(stack.top)
                    self._collect(stack.top, function, helpers)
                    if stack.on_self:
                        stack.forget()
            elif name in _CHANGES:
                found = self._changed(stack, value, item="SUBSCR" in name)
            elif name.startswith("LOAD_"):
                stack.push(_UNKNOWN)
            elif name not in _SILENT:
                stack.forget()
            if found:
                return found
        inner = (const for const in code.co_consts if isinstance(const, types.CodeType))
        return next(filter(None, (self._walk(each, function, cls, helpers) for each in inner)), "")

    def _used(self, value: Any, function: types.FunctionType, helpers: list[Any]) -> str:
        found = self._loaded(value)
        if not found:
            self._collect(value, function, helpers)
        return found

    def _asked_of(self, stack: _Stack, attribute: str) -> str:
        """Say what is unsafe about loading an ``attribute`` of what is on top of the ``stack``."""
        if attribute in METHODS:
            return f"{attribute}()"
        if id(stack.top) in self._containers and attribute in CHANGES:
            return f"{self._containers[id(stack.top)]}.{attribute}()"
        return ""

    def _changed(self, stack: _Stack, attribute: str, item: bool) -> str:
        """Say what is changed for all workers by storing or deleting an ``attribute``, or an ``item``."""
        if item:
            container = self._containers.get(id(stack.before))
            return f"{container}[...] = ..." if container else ""
        owner = stack.top
        if isinstance(owner, types.ModuleType) or (isinstance(owner, type) and _top_level(owner) and not stack.on_self):
            return f"{owner.__name__}.{attribute} = ..."
        stack.top = _UNKNOWN
        return ""

    def _loaded(self, value: Any) -> str:
        """Say what is unsafe about loading ``value``, one of the unsafe objects or an instance of an unsafe class."""
        if value is _UNKNOWN:
            return ""
        name = self._unsafe.get(id(value)) or self._unsafe.get(id(type(value)))
        if name:
            return f"{name}()"
        if self._rules.modules:
            home = value.__name__ if isinstance(value, types.ModuleType) else getattr(value, "__module__", None)
            if isinstance(home, str) and self._of_module(home):
                return f"the module {home}"
        return ""

    def _collect(self, value: Any, function: types.FunctionType, helpers: list[Any]) -> None:
        """Keep ``value`` where it is a function or class of the tests, or a context manager from one."""
        if issubclass(type(value), contextlib.ContextDecorator):
            value = inspect.getattr_static(value, "func", type(value))  # of ``contextlib.contextmanager``
        home = getattr(value, "__module__", None)
        if home != function.__module__ and not self._is_of_tests(home):
            return
        if type(value) is types.FunctionType:
            helpers.append(value)
        elif isinstance(value, type):
            helpers.extend(v for v in vars(value).values() if type(v) is types.FunctionType)

    def _is_of_tests(self, module: object) -> bool:
        if not isinstance(module, str):
            return False
        known = self._tests.get(module)
        if known is None:
            path = getattr(sys.modules.get(module), "__file__", None)
            known = self._tests[module] = (
                isinstance(path, str) and holds(path, self._root) and is_of_tests(path, self._root)
            )
        return known

    def _of_module(self, name: str) -> bool:
        return any(name == module or name.startswith(module + ".") for module in self._rules.modules)


def _through(info: Any, name: str) -> str:
    """Say that a fixture is used, and through which other one where the test does not ask for it itself."""
    if name in info.argnames:
        return f"the fixture {name}"
    for user in info.names_closure:
        for definition in info.name2fixturedefs.get(user, ()):
            if name in definition.argnames:
                return f"the fixture {name} (through {user})"
    return f"the fixture {name}"


def _functions_of(item: pytest.Function) -> Iterator[Any]:
    yield getattr(item.obj, "__func__", item.obj)
    if item.cls is not None:
        for name in _SETUPS:
            found = inspect.getattr_static(item.cls, name, None)
            if type(found) is types.FunctionType:
                yield found


def _layers(function: Any) -> Iterator[Any]:
    """Yield ``function`` and what its decorators wrap."""
    seen = 0
    while function is not None and seen < 10:
        function = getattr(function, "func", function) if type(function).__name__ == "partial" else function
        function = getattr(function, "__func__", function)
        yield function
        function = getattr(function, "__wrapped__", None)
        seen += 1


def _cells(function: types.FunctionType) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    return found


def _attribute(owner: Any, name: str) -> Any:
    """Return an attribute of a module or class without running any code of the program."""
    if isinstance(owner, types.ModuleType):
        return vars(owner).get(name, _UNKNOWN)
    if isinstance(owner, type):
        found = inspect.getattr_static(owner, name, _UNKNOWN)
        return getattr(found, "__func__", found)
    return _UNKNOWN


def _method(cls: type | None, name: str) -> Any:
    found = inspect.getattr_static(cls, name, None)
    return getattr(found, "__func__", found)


def _import(name: str) -> Any:
    """Return the module of an import statement where it is loaded already."""
    module = sys.modules.get(name)
    if module is None and name.startswith(("unittest", "warnings", "contextlib", "os", "gc", "signal", "importlib")):
        try:
            module = importlib.import_module(name)
        except ImportError:
            return _UNKNOWN
    return module if module is not None else _UNKNOWN


def _top_level(cls: type) -> bool:
    """Say whether ``cls`` is one that all workers see, not one that a function made."""
    return "<locals>" not in cls.__qualname__
