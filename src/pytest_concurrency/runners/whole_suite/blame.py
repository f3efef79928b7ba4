"""What in a whole suite is the test's own doing: its own lines, and objects that only the test shares.

A test that was not written to be run beside itself may count in a global of its own or keep one cache for all its
tests. Its workers then disturb each other, and the code under test is not to blame. Where there is no code under test
but in the test's own file, that file is what is judged.
"""

from __future__ import annotations

import dis
import inspect
import os
import re
import sys
import types
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ...detect.failures import Failure
from ...hazards import RAISED
from ...own_dict import class_dict, own_dict
from ...project import holds
from ..comments import Dismissals, lines_of

TOOLS = frozenset({
    "pytest", "_pytest", "pluggy", "hypothesis", "mock", "pytest_concurrency", "conftest", "py", "xdist", "gevent",
    "greenlet", "pytest_mock", "freezegun", "typing_extensions",
})  # fmt: skip
TEST_FOLDER = re.compile(r"(^|[_.-])(tests?|testing|testsuite)($|[_.-])", re.IGNORECASE)
OBJECTS_LIMIT = 300_000


def is_of_tests(path: str, root: str) -> bool:
    """Say whether the file at ``path`` is one of tests by its name or folder, in the project at ``root``."""
    real = os.path.realpath(path)
    parts = Path(os.path.relpath(real, root)).parts if real.startswith(root) else ()
    name = os.path.basename(real)
    if name == "conftest.py" or name.startswith("test_") or name.endswith("_test.py"):
        return True
    return any(TEST_FOLDER.search(part) for part in parts[:-1])


class TestCode:
    """Tells the files of a test suite from the code under test, for one test."""

    __test__ = False

    def __init__(self, item: pytest.Function, root: str, include: tuple[str, ...] = ()) -> None:
        self.item = item
        self._root = root
        self._include = include
        self._known: dict[str, bool] = {}
        self.elsewhere = self._uses_other_code()

    def is_test_file(self, path: str) -> bool:
        """Say whether ``path`` belongs to the tests and there is other code to judge."""
        return self.elsewhere and self._is_of_tests(path)

    def is_own_frame(self, code: types.CodeType) -> bool:
        """Say whether ``code`` is the test's own: of its files, or the test function where its file is judged."""
        if self.elsewhere:
            return self._is_of_tests(code.co_filename)
        function: Any = getattr(self.item.obj, "__wrapped__", self.item.obj)
        name = getattr(getattr(function, "__func__", function), "__qualname__", "")
        same = code.co_qualname == name or code.co_qualname.startswith(f"{name}.<locals>")
        return same and code.co_filename == getattr(self.item.module, "__file__", "")

    def _is_of_tests(self, path: str) -> bool:
        known = self._known.get(path)
        if known is None:
            own = path == getattr(self.item.module, "__file__", "")
            known = self._known[path] = own or is_of_tests(path, self._root)
        return known

    def _uses_other_code(self) -> bool:
        """Say whether the test, by its module or its fixtures, uses any code but the standard library, test tools and
        test files."""
        for name in self._modules_used():
            path = getattr(sys.modules.get(name), "__file__", None)
            if not isinstance(path, str) or self._is_of_tests(path):
                continue
            top = name.partition(".")[0]
            if holds(path, self._root):
                return True
            if top not in sys.stdlib_module_names and top not in TOOLS and not top.startswith("pytest_"):
                return True
        return False

    def _modules_used(self) -> set[str]:
        """Return the names of the modules whose things the test's module and its fixtures hold, or import later."""
        info: Any = self.item._fixtureinfo
        fixtures = [d.func for name in info.names_closure for d in info.name2fixturedefs.get(name, ())]
        functions = [
            function
            for function in map(_innermost, [self.item.obj, *fixtures])
            if type(function) is types.FunctionType and self._is_of_tests(function.__code__.co_filename)
        ]
        spaces = {id(space): space for space in [vars(self.item.module), *(f.__globals__ for f in functions)]}
        found = {name for space in spaces.values() for value in list(space.values()) for name in _homes(value)}
        found.update(name for function in functions for name in _imports(function.__code__))
        return found

    def _is_included(self, name: str) -> bool:
        return any(name == wanted or name.startswith(f"{wanted}.") for wanted in self._include)

    # -- whose objects

    def is_shared_by_test(self, identity: int) -> bool:
        """Say whether the object (or namespace) of this ``id`` is shared by the test alone, not by code under test."""
        if not self.elsewhere:
            return False
        code: list[Any] = []
        tests: list[Any] = [vars(self.item.module)]
        for name, module in list(sys.modules.items()):
            path = getattr(module, "__file__", None)
            if isinstance(path, str) and (holds(path, self._root) or self._is_included(name)):
                (tests if self._is_of_tests(path) else code).append(vars(module))
        if identity in _reachable(code):
            return False
        info: Any = self.item._fixtureinfo
        values: list[Any] = [self.item.cls, getattr(getattr(self.item, "callspec", None), "params", None)]
        values += [d.cached_result for group in info.name2fixturedefs.values() for d in group]
        values.append(self.item.funcargs)
        return identity in _reachable([*tests, *values])


class OwnDoing(Dismissals):
    """Dismisses what comments dismiss, and what is the test's own doing; ``reasons`` says what that was."""

    def __init__(self, code: TestCode, ignore_in: Sequence[tuple[str, frozenset[str]]] = ()) -> None:
        super().__init__(code.item.config.rootpath, ignore_in)
        self.code = code
        self.reasons: list[str] = []

    def add(self, reason: str) -> None:
        """Note one thing that is the test's own doing."""
        if reason not in self.reasons:
            self.reasons.append(reason)

    def __call__(self, failure: Failure) -> bool:
        if super().__call__(failure):
            return True
        reason = self._own(failure)
        if reason:
            self.add(reason)
        return bool(reason)

    def _own(self, failure: Failure) -> str:
        if failure.code in RAISED:
            return ""  # judged by where the switches have to be, see boundaries
        paths = {path for path, line in lines_of(failure) if path and line}
        if paths and all(self.code.is_test_file(path) for path in paths):
            return f"its own code is not made for threads ({failure.code})"
        if failure.code == "CH101":
            location = failure.data.write.location
            identity = location[0] if isinstance(location, tuple) and location else None
            if isinstance(identity, int) and self.code.is_shared_by_test(identity):
                return f"the test shares {failure.data.target} between its workers ({failure.code})"
        return ""


def _innermost(function: Any) -> Any:
    """Return what is under the decorators of ``function``, and under a method."""
    function = getattr(function, "__func__", function)
    return inspect.unwrap(function) if type(function) is types.FunctionType else function


def _imports(code: types.CodeType) -> Iterator[str]:
    """Yield the names of the modules that ``code`` imports."""
    for step in dis.get_instructions(code):
        if step.opname == "IMPORT_NAME":
            yield step.argval


def _homes(value: Any) -> Iterator[str]:
    """Yield the names of the modules that ``value`` and its class are of."""
    if isinstance(value, types.ModuleType):
        yield value.__name__
        return
    own = getattr(value, "__module__", None) if isinstance(value, type) or callable(value) else None
    for name in (own, type(value).__module__):
        if isinstance(name, str):
            yield name


def _reachable(roots: Iterable[Any]) -> set[int]:
    """Return the ids of what is reached from ``roots`` without entering modules, or classes and functions of others."""
    seen: set[int] = set()
    queue: list[Any] = list(roots)
    homes = {root.get("__name__") for root in queue if isinstance(root, dict)}
    while queue and len(seen) < OBJECTS_LIMIT:
        value = queue.pop()
        if value is None or isinstance(value, (str, bytes, int, float, types.ModuleType)) or id(value) in seen:
            continue
        if isinstance(value, (types.FunctionType, type)) and value.__module__ not in homes:
            continue
        seen.add(id(value))
        queue.extend(_parts(value))
    return seen


def _parts(value: Any) -> list[Any]:
    """Return what ``value`` holds, looking only at plain data: no code of the program runs."""
    if isinstance(value, dict):
        return [*dict.values(value)]
    if isinstance(value, (list, tuple, set, frozenset)):
        return [*value]
    if type(value) is types.FunctionType:
        return [*(value.__closure__ or ()), *(value.__defaults__ or ()), value.__dict__]
    if isinstance(value, types.CellType):
        try:
            return [value.cell_contents]
        except ValueError:  # not assigned yet
            return []
    if isinstance(value, type):
        return [*class_dict(value).values()]
    if isinstance(value, (types.MethodType, staticmethod, classmethod)):
        return [value.__func__, getattr(value, "__self__", None)]
    parts: list[Any] = []
    own = own_dict(value)
    if own is not None:
        parts.append(own)
    for base in type(value).__mro__:
        for descriptor in class_dict(base).values():
            if type(descriptor) is types.MemberDescriptorType:
                try:
                    parts.append(descriptor.__get__(value))
                except (AttributeError, TypeError):
                    continue
    return parts
