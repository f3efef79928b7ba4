"""Swapping code objects: instrument the functions in scope for the time of one test, then put everything back."""

from __future__ import annotations

import gc
import types
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .rewrite import Hooks, Rewritten, Scope, rewrite, written_cells
from .scope import Area, Chooser, Stores, all_functions, globals_written, scan_stores, young_functions
from .sites import Site
from .vocabulary import ANNOUNCED_CALLS


@dataclass(slots=True)
class Cache:
    """Rewritten code by original code and scope; lives as long as the session. Keys keep their code alive."""

    entries: dict[tuple[int, Scope, tuple[int, ...]], Rewritten] = field(default_factory=dict)
    originals: dict[int, types.CodeType] = field(default_factory=dict)

    def by_replacement(self, code: types.CodeType) -> types.CodeType | None:
        """Return the original for which ``code`` stands in, or None."""
        return self.originals.get(id(code))


@dataclass(slots=True)
class _Known:
    """What instrumenting for one test found, for the next one."""

    area: Area
    modules: frozenset[str]
    stores: Stores
    sites: dict[int, Site] = field(default_factory=dict)
    scopes: dict[int, frozenset[str]] = field(default_factory=dict)
    local: dict[int, types.CodeType] = field(default_factory=dict)
    swapped: list[tuple[types.FunctionType, types.CodeType]] = field(default_factory=list)


def _collections() -> int:
    """Return how often the garbage collector has run: it makes young objects old."""
    return sum(generation["collections"] for generation in gc.get_stats())


class Instrumenter:
    """Rewrites the functions of an area, and undoes it.

    ``substitutes`` holds ``id(function)`` of every library function that has a controlled stand-in, ``builtins`` the
    names of such builtins; ``hooks.substitute`` gives the stand-in.
    """

    def __init__(self, hooks: Hooks, substitutes: Collection[int], builtins: Collection[str], cache: Cache) -> None:
        self._hooks = hooks
        self._substitutes = substitutes
        self._builtins = frozenset(builtins)
        self._cache = cache
        self._known: _Known | None = None
        self.untouched: set[str] = set()
        self._announced = {
            module: frozenset(f"{cls}.{name}" for cls, names in classes.items() for name in names)
            for module, classes in ANNOUNCED_CALLS.items()
        }

    @contextmanager
    def active(self, chooser: Chooser, many: bool = False) -> Iterator[tuple[Site, ...]]:
        """Instrument for the length of the block; give all access sites in scope.

        ``many``: many tests in a row are run like that. While the area and its modules stay the same, what was found
        for the test before is taken over, and only young functions are looked for: looking at all costs more than most
        tests. The garbage collector has to be off in the block.
        """
        modules = chooser.modules() if many else frozenset()
        known = self._known
        if not many or known is None or (known.area, known.modules) != (chooser.area, modules):
            known = None
        collected = _collections()
        mine: list[types.FunctionType] = []
        library: list[types.FunctionType] = []
        for function in all_functions() if known is None else young_functions():
            if self._cache.by_replacement(function.__code__) is not None:
                function.__code__ = self._cache.by_replacement(function.__code__)  # type: ignore[assignment]
            if chooser.accesses(function):
                mine.append(function)
            elif chooser.synchronisation(function):
                library.append(function)
        if known is None:
            known = _Known(chooser.area, modules, scan_stores(mine))
        stores, sites, scopes, local = known.stores, known.sites, known.scopes, known.local
        mine.sort(key=lambda f: f.__code__.co_qualname.count("<locals>"))
        swapped: list[tuple[types.FunctionType, types.CodeType]] = []
        try:
            for function, code in known.swapped:
                if function.__code__ is code:
                    function.__code__ = local[id(code)]
                    swapped.append((function, code))
            for function in mine:
                key = id(function.__globals__)
                if key not in scopes:
                    scopes[key] = globals_written(function, stores)
                self._swap(function, True, stores, scopes[key], sites, swapped, local)
            for function in library:
                self._swap(function, False, stores, frozenset(), sites, swapped, local)
            tell_apart(sites.values())
            if known is not self._known:
                known.swapped[:] = swapped
                self._known = known if many else None
            yield tuple(sites.values())
        finally:
            for function, code in swapped:
                function.__code__ = code
            young = many and collected == _collections() and not gc.isenabled()
            self._restore_strays(young_functions() if young else all_functions())
            for site in sites.values():
                site.cache.clear()

    def _restore_strays(self, functions: Iterable[types.FunctionType]) -> None:
        """Give functions that were created while instrumented code ran their original code."""
        for function in functions:
            original = self._cache.by_replacement(function.__code__)
            if original is not None:
                function.__code__ = original

    def _swap(
        self,
        function: types.FunctionType,
        accesses: bool,
        stores: Stores,
        names: frozenset[str],
        sites: dict[int, Site],
        swapped: list[tuple[types.FunctionType, types.CodeType]],
        local: dict[int, types.CodeType],
    ) -> None:
        code = function.__code__
        if self._cache.by_replacement(code) is not None:
            return  # taken over from the test before
        replacement = local.get(id(code))
        if replacement is None:
            shared = frozenset(code.co_freevars) if accesses else frozenset()
            replacement = self._rewrite(code, function.__globals__, accesses, stores, names, shared, sites, local)
        if replacement is not code:
            function.__code__ = replacement
            swapped.append((function, code))

    def _rewrite(
        self,
        code: types.CodeType,
        module: dict[str, Any],
        accesses: bool,
        stores: Stores,
        names: frozenset[str],
        cells: frozenset[str],
        sites: dict[int, Site],
        local: dict[int, types.CodeType],
    ) -> types.CodeType:
        known = local.get(id(code))
        if known is not None:
            return known
        inner = cells | written_cells(code) if accesses else frozenset()
        nested = {
            id(const): self._rewrite(const, module, accesses, stores, names, inner, sites, local)
            for const in code.co_consts
            if isinstance(const, types.CodeType)
        }
        used = frozenset(code.co_names)
        module_name = str(module.get("__name__", "?"))
        scope = Scope(
            module=module_name,
            accesses=accesses,
            globals_written=names & used,
            attributes_written=frozenset(stores.attributes & used) if accesses else frozenset(),
            any_attribute=accesses and stores.any_attribute,
            substituted=frozenset(name for name in used if id(module.get(name)) in self._substitutes),
            substituted_calls=frozenset(n for n in self._builtins & used if accesses and n not in module),
            announced=self._announced.get(module_name, frozenset()),
        )
        key = (id(code), scope, tuple(id(replaced) for replaced in nested.values()))
        entry = self._cache.entries.get(key)
        if entry is None:
            entry = self._rewritten(code, scope, nested, cells)
            self._cache.entries[key] = entry
            if entry.code is not code:
                self._cache.originals[id(entry.code)] = code
        for site in entry.sites:
            sites[id(site)] = site
        local[id(code)] = entry.code
        return entry.code

    def _rewritten(
        self, code: types.CodeType, scope: Scope, nested: Mapping[int, types.CodeType], cells: frozenset[str]
    ) -> Rewritten:
        """Rewrite ``code``; code that cannot be rewritten runs as it is, and is named in ``untouched``."""
        try:
            entry = rewrite(code, scope, self._hooks, nested, cells)
            if _shape(entry.code) == _shape(code):
                return entry
        except Exception:  # a fault of ours or of the bytecode library must not fail the test
            pass
        self.untouched.add(f"{scope.module}.{code.co_qualname}")
        return Rewritten(code, code, ())


def tell_apart(sites: Iterable[Site]) -> None:
    """Number the keys of sites in functions of the same name (a property's getter and setter, two lambdas)."""
    named: dict[str, list[Site]] = {}
    for site in sites:
        if not site.muted:
            named.setdefault(site.key.partition("@")[0], []).append(site)
    for key, alike in named.items():
        if len(alike) > 1:
            alike.sort(key=lambda site: (site.line, site.offset))
            for number, site in enumerate(alike, 1):
                site.key = key if number == 1 else f"{key}@{number}"


def _shape(code: types.CodeType) -> tuple[object, ...]:
    return (
        code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags, code.co_varnames,
        code.co_cellvars, code.co_freevars, code.co_firstlineno, code.co_filename, code.co_qualname,
    )  # fmt: skip
