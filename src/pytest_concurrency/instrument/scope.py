"""Which functions are instrumented: everything of the project, what ``include`` names, and the library's locks."""

from __future__ import annotations

import builtins
import contextlib
import dis
import gc
import importlib
import sys
import types
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Any

from ..interpreter import FREE_THREADED
from ..own_dict import class_dict, own_dict
from ..project import holds
from . import raw
from .vocabulary import SYNC_MODULES

_ATTRIBUTE_STORES = frozenset((dis.opmap["STORE_ATTR"], dis.opmap["DELETE_ATTR"]))
_STORES = _ATTRIBUTE_STORES | {dis.opmap["STORE_GLOBAL"], dis.opmap["DELETE_GLOBAL"]}
_LEAVES = frozenset({str, bytes, int, float, bool, type(None), complex, types.CodeType, types.BuiltinFunctionType})
_PARTS: dict[type, tuple[str, ...]] = {
    types.FunctionType: ("__closure__", "__defaults__", "__kwdefaults__", "__dict__", "__globals__"),
    types.MethodType: ("__func__", "__self__"),
    property: ("fget", "fset", "fdel"),
    staticmethod: ("__func__",),
    classmethod: ("__func__",),
    partial: ("func", "args", "keywords"),
    types.CellType: (),
}
_FROZEN_AT_FIRST = 1000
"""More objects than an interpreter freezes when it starts (3.12 some hundred), and fewer than it does with pytest."""
FORGETFUL = FREE_THREADED and sys.version_info < (3, 14)
_NEVER = frozenset({"pytest_concurrency", "_pytest", "pytest", "pluggy", "bytecode", "xdist", "execnet", "coverage"})


@dataclass(frozen=True, slots=True)
class Area:
    """The source that counts as the code under test.

    ``root`` is pytest's rootdir, ``include`` names of installed modules or packages, ``excluded`` the files of other
    test modules of the session.
    """

    root: str
    include: tuple[str, ...] = ()
    excluded: frozenset[str] = frozenset()

    def holds_file(self, filename: str) -> bool:
        """Say whether the source file ``filename`` is the project's."""
        return filename not in self.excluded and holds(filename, self.root)

    def holds_module(self, name: str) -> bool:
        """Say whether module ``name`` was included by name."""
        return name.startswith(self.include) and any(  # one call for most modules
            name == wanted or name.startswith(wanted + ".") for wanted in self.include
        )


def ordinary_functions() -> list[types.FunctionType]:
    """Return every Python function alive, but those that were given builtins of their own.

    All others refer to the usual ones. The collector finds who does in half of the time that looking at every object
    takes, of which there are very many.
    """
    return _functions(gc.get_referrers(vars(builtins)))


def all_functions() -> list[types.FunctionType]:
    """Return every Python function alive."""
    return _functions(gc.get_objects())


def _functions(objects: Iterable[object]) -> list[types.FunctionType]:
    """Return the functions among ``objects``, with those that the collector does not know."""
    kind = types.FunctionType
    found = [candidate for candidate in objects if type(candidate) is kind]
    if FORGETFUL or gc.get_freeze_count() > _FROZEN_AT_FIRST:
        seen = {id(function) for function in found}
        found += [function for function in reachable_functions() if id(function) not in seen]
    return found


def reachable_functions() -> Iterator[types.FunctionType]:
    """Yield every Python function that can be reached from a loaded module.

    From the first thread on, the free-threaded build of 3.13 makes the functions that exist immortal, and its garbage
    collector knows them no more (``_PyGC_ImmortalizeDeferredObjects()`` in CPython's ``Python/gc_free_threading.c``).
    Nor does any collector show what was there at a ``gc.freeze()``, which makes test suites faster.
    """
    stack: list[Any] = [vars(module) for module in list(sys.modules.values()) if isinstance(module, types.ModuleType)]
    seen = {id(start) for start in stack}
    while stack:
        for candidate in _held_by(stack.pop()):
            if type(candidate) not in _LEAVES and id(candidate) not in seen:
                seen.add(id(candidate))
                stack.append(candidate)
                if type(candidate) is types.FunctionType:
                    yield candidate


def _held_by(holder: Any) -> Iterable[Any]:
    """Return what ``holder`` refers to; no code of the program runs for it, and none of a collector's, which is what
    that build crashes in."""
    kind = type(holder)
    if kind is dict:
        return list(holder.values())
    if kind in (list, tuple, set, frozenset):
        return list(holder)
    if issubclass(kind, type):
        return list(class_dict(holder).values())
    held = [getattr(holder, name, None) for name in _PARTS.get(kind, ())]
    if kind is types.CellType:
        with contextlib.suppress(ValueError):  # it is empty
            held.append(holder.cell_contents)
    elif kind not in _PARTS and kind.__dictoffset__:
        held.append(own_dict(holder))
    return held


def young_functions() -> list[types.FunctionType]:
    """Return every Python function that the garbage collector takes for young (all, where it knows no ages)."""
    if FREE_THREADED:
        return all_functions()
    kind = types.FunctionType
    return [young for generation in (0, 1) for young in gc.get_objects(generation) if type(young) is kind]


def is_tooling(name: str) -> bool:
    """Say whether ``name`` belongs to the test machinery, which is never instrumented."""
    top = name.partition(".")[0]
    return top in _NEVER


def load_lazy_modules() -> None:
    """Import the library's modules with locks that loaded packages import on their first use: in the middle of a run
    they would come too late to be under control."""
    for name in SYNC_MODULES:
        package = name.rpartition(".")[0]
        if package in sys.modules and name not in sys.modules:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)


class _Part(Enum):
    """What a module says of its functions."""

    FOREIGN = auto()
    INCLUDED = auto()
    SYNCHRONISING = auto()
    MIXED = auto()
    """Its functions come from the area's files, or some may: to be asked one by one."""


@dataclass(frozen=True, slots=True)
class Divided:
    """Functions by what is done with them: ``mine`` are those whose accesses are instrumented, ``made`` others that
    belong to the same modules (a dataclass's ``__init__``), ``library`` those of the library whose locks are taken
    over.
    """

    mine: list[types.FunctionType]
    made: list[types.FunctionType]
    library: list[types.FunctionType]


class Chooser:
    """Decides which functions and modules are in the area; remembers the answer for each file, and for each module.

    ``library``: locks in the code of the standard library are taken over, too.
    """

    def __init__(self, area: Area, library: bool = True) -> None:
        self.area = area
        self._synchronising = frozenset(SYNC_MODULES if library else ())
        self._files: dict[str, bool] = {}
        self._met: dict[str, int] = {}
        self._modules: set[str] = set()

    def divide(self, functions: Iterable[types.FunctionType], own: Set[int] = frozenset()) -> Divided:
        """Divide ``functions``, ten thousand of some hundred modules; most need no look but at their module.

        ``own`` are identities of the globals of functions that were found to be ``mine`` before.
        """
        mine: list[types.FunctionType] = []
        others: list[types.FunctionType] = []
        library: list[types.FunctionType] = []
        modules: dict[int, _Part] = {}
        foreign, synchronising, included = _Part.FOREIGN, _Part.SYNCHRONISING, _Part.INCLUDED
        last: Mapping[str, Any] | None = None
        part = foreign
        for function in functions:
            names = function.__globals__
            if names is not last:  # those of one module come in a row
                last, known = names, modules.get(id(names))
                part = known or modules.setdefault(id(names), self._part(names))
            if part is foreign:
                continue
            if part is synchronising:
                library.append(function)
            elif part is included or self._holds(function.__code__.co_filename):
                mine.append(function)
            else:
                others.append(function)
        own = own | {id(function.__globals__) for function in mine}
        return Divided(mine, [other for other in others if id(other.__globals__) in own], library)

    def covers(self, module: str, filename: str) -> bool:
        """Say whether ``module`` of the file ``filename`` is in the area, whatever is in it."""
        return self.area.holds_module(module) or self._holds(filename)

    def _holds(self, filename: str) -> bool:
        known = self._files.get(filename)
        if known is None:
            known = self._files[filename] = self.area.holds_file(filename)
        return known

    def _part(self, names: Mapping[str, Any]) -> _Part:
        module = names.get("__name__")
        filename = names.get("__file__")
        if not isinstance(module, str):
            return _Part.MIXED
        if is_tooling(module):
            return _Part.FOREIGN
        if self.area.holds_module(module):
            return _Part.INCLUDED
        if isinstance(filename, str) and self._holds(filename):
            return _Part.MIXED
        if module in self._synchronising:
            return _Part.SYNCHRONISING
        return _Part.FOREIGN if isinstance(filename, str) else _Part.MIXED

    def library(self) -> frozenset[str]:
        """Return the names of the loaded modules of the library whose locks are taken over."""
        return self._synchronising & sys.modules.keys()

    def modules(self) -> frozenset[str]:
        """Return the names of the loaded modules that belong to the area."""
        met = self._met
        for name, module in list(sys.modules.items()):
            if met.get(name) != id(module):
                met[name] = id(module)
                self._modules.discard(name)
                filename = getattr(module, "__file__", None)
                if isinstance(filename, str) and not is_tooling(name) and self.covers(name, filename):
                    self._modules.add(name)
        return frozenset(self._modules & sys.modules.keys())


@dataclass(slots=True)
class Stores:
    """Names that a set of code objects stores; grows as code is scanned."""

    attributes: set[str]
    globals: dict[int, set[str]]
    any_attribute: bool = False


def scan_stores(functions: Iterable[types.FunctionType]) -> Stores:
    """Return which attribute and global names the code of ``functions`` (nested code included) stores."""
    stores = Stores(set(), {})
    seen: set[int] = set()
    for function in functions:
        names = stores.globals.setdefault(id(function.__globals__), set())
        _scan(function.__code__, stores, names, seen)
    return stores


def _scan(code: types.CodeType, stores: Stores, module_names: set[str], seen: set[int]) -> None:
    if id(code) in seen:
        return
    seen.add(id(code))
    if not stores.any_attribute and not {"setattr", "delattr", "__dict__", "vars"}.isdisjoint(code.co_names):
        stores.any_attribute = True
    if raw.holds(code, _STORES):
        for opcode, argument in raw.instructions(code):
            if opcode in _STORES:
                (stores.attributes if opcode in _ATTRIBUTE_STORES else module_names).add(code.co_names[argument])
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            _scan(const, stores, module_names, seen)


def globals_written(function: types.FunctionType, stores: Stores) -> frozenset[str]:
    """Return the global names of the module of ``function`` that code in scope may rebind."""
    module = function.__globals__
    own = stores.globals.get(id(module), set())
    by_attribute = {
        name
        for name in stores.attributes
        if name in module and not issubclass(type(module[name]), (types.FunctionType, type, types.ModuleType))
    }
    return frozenset(own | by_attribute)


def source_files(modules: Iterable[str]) -> frozenset[str]:
    """Return the source files of the named modules."""
    files = set()
    for name in modules:
        module = sys.modules.get(name)
        if module is not None and getattr(module, "__file__", None):
            files.add(str(module.__file__))
    return frozenset(files)
