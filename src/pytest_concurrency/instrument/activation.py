"""Swapping code objects: instrument the functions in scope for the time of one test, then put everything back."""

from __future__ import annotations

import gc
import sys
import types
from _thread import get_ident
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from ..state import STATE
from .cache import Cache
from .callers import ANYWHERE, BEYOND, NOWHERE, inner
from .census import Census, ageings
from .deferred import hearing, is_stub, settled
from .hooks import Hooks
from .injected import Injected, in_attributes, in_defaults
from .naming import Names
from .rewrite import Rewritten, Scope, rewrite
from .scope import Area, Chooser, Divided, Stores, all_functions, scan_stores, young_functions
from .sites import Sites
from .surroundings import Replaced, Surroundings, surroundings_of
from .variables import written_cells
from .vocabulary import WITHOUT_A_LOOK, WITHOUT_LOCKS


@dataclass(slots=True)
class _Known:
    """What instrumenting for one test found; where many tests are run in a row, for the next one.

    ``local`` is rewritten code by the identity of its original, ``waiting`` the original code whose functions have a
    stub, with its module, and ``users`` are these functions. Code in ``lookers`` (by identity) could see the stubs that
    are on the stack with it; ``at_once``: code that could see any stub is known to be called. ``injected`` are the
    library functions that code was handed before.
    """

    area: Area
    modules: frozenset[str]
    stores: Stores
    sites: Sites
    scopes: dict[tuple[int, bool], Surroundings] = field(default_factory=dict)
    local: dict[int, types.CodeType] = field(default_factory=dict)
    swapped: list[tuple[types.FunctionType, types.CodeType]] = field(default_factory=list)
    names: Names = field(default_factory=Names)
    entries: dict[int, Rewritten] = field(default_factory=dict)
    waiting: dict[int, tuple[types.CodeType, Surroundings]] = field(default_factory=dict)
    users: dict[int, list[types.FunctionType]] = field(default_factory=dict)
    lookers: set[int] = field(default_factory=set)
    at_once: bool = False
    injected: list[Injected] = field(default_factory=list)


class Instrumenter:
    """Rewrites the functions of an area, and undoes it.

    ``substitutes`` holds ``id(function)`` of every library function that has a controlled stand-in, ``builtins`` the
    names of such builtins, and ``library`` ``id(function)`` of the functions in ``LIBRARY_CALLS`` that have one where
    code of the area calls them; ``hooks.substitute`` gives the stand-in. Code that was handed such a function before
    gets its stand-in from ``stand_ins``, by ``id(function)``; anybody may call that. A function is rewritten when it
    is first called, or before, where it looks at its caller. ``at_once``: all functions are.
    """

    def __init__(
        self,
        hooks: Hooks,
        substitutes: Collection[int],
        builtins: Collection[str],
        cache: Cache,
        *,
        library: Collection[int] = (),
        stand_ins: Mapping[int, Any] | None = None,
        at_once: bool = False,
    ) -> None:
        self._hooks = replace(hooks, look=cache.look, settle=settled)
        self._replaced = Replaced(substitutes, frozenset(builtins), library)
        self._stand_ins = stand_ins or {}
        self._cache = cache
        self._at_once = at_once
        self._known: _Known | None = None
        self._now: _Known | None = None
        self._census = Census()
        self._busy: set[int] = set()
        self.untouched: set[str] = set()

    @contextmanager
    def active(self, chooser: Chooser, many: bool = False) -> Iterator[Sites]:
        """Instrument for the length of the block; give the access sites of all code that is called in it.

        ``many``: many tests in a row are run like that. While the area and its modules stay the same, what was found
        for the test before is taken over, and only young functions are looked for: looking at all costs more than most
        tests. The garbage collector has to be off in the block.
        """
        modules = chooser.modules() if many else frozenset()
        known = self._known
        if not many or known is None or (known.area, known.modules) != (chooser.area, modules):
            known = None
        aged = ageings()
        if known is None:
            looked, divided = self._census.take(chooser)
        else:
            own = {names for names, accesses in known.scopes if accesses}
            divided = chooser.divide(looked := young_functions(), own)
        self._restore_strays(looked)
        mine, library = divided.mine, divided.library
        if known is None:
            known = _Known(chooser.area, modules, scan_stores(mine), Sites(self._seek))
        known.sites.covers = chooser.covers
        known.injected += self._injected(divided)
        mine.sort(key=lambda f: f.__code__.co_qualname.count("<locals>"))
        self._look_around(mine, known)
        swapped: list[tuple[types.FunctionType, types.CodeType]] = []
        before = self._cache.resolver, self._cache.watcher
        known.sites.patience = Sites.PATIENCE
        try:
            self._now, self._cache.resolver, self._cache.watcher = known, self._first_call, self._looked
            for injected in known.injected:
                injected.put()
            with hearing() as heard:
                for function, code in known.swapped:
                    if function.__code__ is code:
                        function.__code__ = known.local.get(id(code)) or self._cache.stub(code) or code
                        swapped.append((function, code))
                for functions, accesses in ((mine, True), (library, False)):
                    for function in functions:
                        self._swap(function, self._module(function, accesses, known), swapped, known)
                sys.audit("pytest_concurrency.instrumented")
                self._leave_alone({id(code): code for code in list(heard)}, swapped, known)
            if known is not self._known:
                known.swapped[:] = swapped
                self._known = known if many else None
            yield known.sites
        finally:
            self._now, (self._cache.resolver, self._cache.watcher) = None, before
            for function, code in swapped:
                function.__code__ = code
            for injected in known.injected:
                injected.undo()
            none_aged = aged == ageings() and not gc.isenabled()
            self._restore_strays(young_functions() if none_aged else all_functions())
            known.sites.introduce = None
            for site in known.sites:
                site.cache.clear()
            STATE.exposed.clear()

    def _injected(self, divided: Divided) -> Iterator[Injected]:
        """Yield where code of the area, code made for it included, holds library functions that have a stand-in."""
        if not self._stand_ins:
            return
        yield from in_defaults((*divided.made, *divided.mine, *divided.library), self._stand_ins)
        modules = {id(function.__globals__): function.__globals__ for function in divided.mine}
        names = frozenset(str(each.get("__name__")) for each in modules.values())
        for each in modules.values():
            yield from in_attributes(each, names, self._stand_ins)

    def _restore_strays(self, functions: Iterable[types.FunctionType]) -> None:
        """Give functions that were created while instrumented code ran their original code."""
        originals = self._cache.originals
        if not originals:
            return
        for function in functions:
            original = originals.get(id(function.__code__))
            if original is not None:
                function.__code__ = original

    def _look_around(self, functions: Iterable[types.FunctionType], known: _Known) -> None:
        """Name the code of ``functions``, and see whether any that can tell a stub has been called before."""
        known.at_once = known.at_once or self._at_once
        for function in functions:
            module = self._module(function, True, known)
            code = function.__code__
            if known.names.add(module.name, code):
                known.sites.files.add(code.co_filename)
                if id(code) in self._cache.known and self._cache.level(code, module.aliases) == ANYWHERE:
                    known.at_once = True
        for code in known.names.number():
            entry = known.entries.get(id(code))
            if entry is not None:
                known.sites.renumber(entry.sites, known.names.number_of(code))

    def _module(self, function: types.FunctionType, accesses: bool, known: _Known) -> Surroundings:
        key = id(function.__globals__), accesses
        module = known.scopes.get(key)
        if module is None:
            module = known.scopes[key] = surroundings_of(function, accesses, known.stores, self._replaced)
        return module

    def _swap(
        self,
        function: types.FunctionType,
        module: Surroundings,
        swapped: list[tuple[types.FunctionType, types.CodeType]],
        known: _Known,
    ) -> None:
        code = function.__code__
        if self._cache.by_replacement(code) is not None or id(code) in self._cache.audit:
            return  # taken over from the test before; an audit hook
        replacement = known.local.get(id(code))
        if replacement is None and not module.accesses and not self._synchronises(code, module):
            return
        if replacement is None and self._waits(code, module, known):
            replacement = self._cache.stub(code)
            if replacement is not None:
                known.waiting[id(code)] = code, module
                known.users.setdefault(id(code), []).append(function)
        if replacement is None:
            shared = frozenset(code.co_freevars) if module.accesses else frozenset()
            replacement = self._rewrite(code, module, shared, known)
        if replacement is not code:
            function.__code__ = replacement
            swapped.append((function, code))

    def _leave_alone(
        self,
        audit: Mapping[int, types.CodeType],
        swapped: list[tuple[types.FunctionType, types.CodeType]],
        known: _Known,
    ) -> None:
        """Give audit hooks their original code for good: what hooks of ours do is an event that calls them again."""
        self._cache.audit.update(audit)
        for function, code in swapped if audit else ():
            if id(code) in audit:
                function.__code__ = code
        swapped[:] = [each for each in swapped if id(each[1]) not in audit]
        for number, code in audit.items():
            known.waiting.pop(number, None)
            known.users.pop(number, None)
            known.local[number] = code

    def _synchronises(self, code: types.CodeType, module: Surroundings) -> bool:
        if code.co_qualname in WITHOUT_LOCKS.get(module.name, ()):
            return False
        return self._cache.synchronises(code, module.synchronising, module.announced)

    def _waits(self, code: types.CodeType, module: Surroundings, known: _Known) -> bool:
        """Say whether functions with ``code`` may be rewritten when they are first called."""
        if id(code) in known.waiting:
            return True
        if known.at_once or id(code) in self._cache.known:
            return False
        if not module.accesses and code.co_qualname in WITHOUT_A_LOOK.get(module.name, ()):
            return True
        level = self._cache.level(code, module.aliases)
        return level == NOWHERE or (module.accesses and level >= BEYOND)

    def _looked(self, level: int) -> None:
        """Take note that code that was called may look as far as ``level``: it must not see a stub."""
        known = self._now
        if known is None or not known.waiting:
            return
        known.sites.exposed = known.sites.exposed or level == ANYWHERE
        if level == ANYWHERE or any(map(is_stub, _stack())):
            known.sites.disturbed = True

    def _first_call(self, code: types.CodeType) -> types.CodeType:
        """Return what a stub for ``code`` is to run. What looks at the stack must not see the stub there."""
        known = self._now
        if known is not None and id(code) in known.waiting and known.lookers:
            if any(id(each) in known.lookers for each in _stack()):
                known.sites.disturbed = True
        return self._resolve(code)

    def _resolve(self, code: types.CodeType) -> types.CodeType:
        """Return what is to run for ``code``, which is called for the first time, and give it to its functions.

        Threads may come at the same time: both get the same. What the rewriter itself calls runs as it is.
        """
        known, ident = self._now, get_ident()
        if known is None or (ident in self._busy and id(code) not in known.local):
            return code
        if id(code) not in known.local:
            self._busy.add(ident)
            try:
                with self._hooks.aside():
                    for each in (known.names.owner(code), code):
                        found = known.waiting.get(id(each))
                        if found is not None:
                            original, module = found
                            shared = frozenset(original.co_freevars) if module.accesses else frozenset()
                            self._rewrite(original, module, shared, known)
            finally:
                self._busy.discard(ident)
        replacement = known.local.get(id(code), code)
        for function in known.users.pop(id(code), ()):
            if self._cache.by_replacement(function.__code__) is code:
                function.__code__ = replacement
        known.waiting.pop(id(code), None)
        return replacement

    def _seek(self, keys: Set[str] | None) -> None:
        """Rewrite the functions that have the sites called ``keys``, or all (None)."""
        known = self._now
        wanted = {tuple(key.split(":", 2)[:2]) for key in keys or ()}
        for code, module in list(known.waiting.values()) if known is not None else ():
            if keys is None or any((module.name, each.co_qualname) in wanted for each in inner(code)):
                self._resolve(code)

    def _rewrite(
        self, code: types.CodeType, module: Surroundings, cells: frozenset[str], known: _Known
    ) -> types.CodeType:
        done = known.local.get(id(code))
        if done is not None:
            return done
        within = cells | written_cells(code) if module.accesses else frozenset()
        nested = {
            id(const): self._rewrite(const, module, within, known)
            for const in code.co_consts
            if isinstance(const, types.CodeType)
        }
        scope = module.scope_of(code, known.stores)
        key = (id(code), scope, tuple(id(replaced) for replaced in nested.values()))
        entry = self._cache.entries.get(key)
        if entry is None:
            entry = self._cache.entries.setdefault(key, self._rewritten(code, scope, nested, within))
        if entry.code is not code:
            self._cache.originals[id(entry.code)] = code
        self._cache.known.add(id(code))
        if scope.looks == BEYOND:
            known.lookers.add(id(entry.code))
        known.entries[id(code)] = entry
        known.sites.add(entry.sites, known.names.number_of(code))
        return known.local.setdefault(id(code), entry.code)

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


def _stack() -> Iterator[types.CodeType]:
    """Yield what is running in this thread, from the inside."""
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame.f_code
        frame = frame.f_back


def _shape(code: types.CodeType) -> tuple[object, ...]:
    return (
        code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags, code.co_varnames,
        code.co_cellvars, code.co_freevars, code.co_firstlineno, code.co_filename, code.co_qualname,
    )  # fmt: skip
