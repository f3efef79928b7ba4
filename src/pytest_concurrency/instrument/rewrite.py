"""Rewriting one code object: a call to a hook before everything that workers may share.

Rewriting keeps the meaning of the code: every insertion leaves the stack as it was, or replaces the object on top by
a controlled stand-in that lives no longer than the call or the ``with`` statement that uses it.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bytecode import Bytecode, Instr

from . import opcodes as op
from . import raw
from .callers import ASKED, BEYOND, CODE, NOWHERE
from .dataflow import link_updates
from .hooks import Hooks
from .operands import compares_equality, followers, is_constant, may_join, name_of, pushes_object, tests_truth
from .sites import (
    ATTR,
    CALL,
    CELL,
    DELETE,
    GLOBAL,
    ITEM,
    METHOD,
    READ,
    RETURN,
    STEP,
    WHOLE,
    WITH,
    WRITE,
    FunctionInfo,
    Site,
)
from .variables import arguments_of
from .vocabulary import (
    CONTAINER_METHODS,
    CONTAINER_OPERATIONS,
    ENTER_CONTEXT,
    LIBRARY_NAMES,
    LOADED_METHODS,
    QUEUE_METHODS,
    READ_ALL,
    READ_ITEM,
    SYNC_METHODS,
)

_SUSPENDED = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
_ASKED_LOADS = frozenset((name, False) for name in ASKED)
LOCALS_CALL = 8
"""So many entries of bytecode, at most, load and call ``@py_builtins.locals``."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What the rewriter has to know about the code around a function.

    ``accesses``: instrument accesses, not only synchronisation. ``globals_written`` and ``attributes_written`` are
    the names that some code in scope stores; a name that nobody stores needs no hook (``any_attribute`` lifts that
    for attributes). What a global name in ``substituted`` turns out to hold when it is loaded may have a controlled
    stand-in; ``substituted_calls`` likewise, where the name is called on the spot. ``libraries`` are the names under
    which the code may have a module with such functions, ``kept`` the global names of objects' methods. ``looks`` is
    how far the function looks (see :mod:`.callers`). ``caches``: what a function returns may be kept by code in C
    (:func:`functools.lru_cache`), so that others may come in between its last access and that.
    """

    module: str
    accesses: bool
    globals_written: frozenset[str] = frozenset()
    attributes_written: frozenset[str] = frozenset()
    any_attribute: bool = False
    substituted: frozenset[str] = frozenset()
    substituted_calls: frozenset[str] = frozenset()
    libraries: frozenset[str] = frozenset()
    announced: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    looks: int = NOWHERE
    caches: bool = False


@dataclass(frozen=True, slots=True)
class Rewritten:
    """An original code object, what stands in for it (itself, if nothing needed a hook), and its sites."""

    original: types.CodeType
    code: types.CodeType
    sites: tuple[Site, ...]


def rewrite(
    code: types.CodeType,
    scope: Scope,
    hooks: Hooks,
    nested: Mapping[int, types.CodeType],
    cells: frozenset[str] = frozenset(),
) -> Rewritten:
    """Return ``code`` with hooks.

    ``nested`` maps the id of each inner code object to its rewritten form; ``cells`` are the closure variables, of
    outer functions and its own, that are written after their creation (see :func:`written_cells`).
    """
    if not scope.accesses and not _synchronises(code, scope, nested):
        return Rewritten(code, code, ())
    return _Writer(code, scope, hooks, cells, nested).run()


def synchronises(code: types.CodeType, names: frozenset[str], announced: frozenset[str]) -> bool:
    """Say whether ``code`` of the library, without code within it, may hold anything to take over: something of these
    ``names``, or a ``with`` statement; a quick look without decoding it. ``announced`` see :class:`Scope`."""
    if not names.isdisjoint(code.co_names) or code.co_qualname in announced:
        return True
    return bool(code.co_exceptiontable) and raw.holds(code, op.WITH_OPCODES)  # every ``with`` has an entry there


def _synchronises(code: types.CodeType, scope: Scope, nested: Mapping[int, types.CodeType]) -> bool:
    if any(id(replaced) != original for original, replaced in nested.items()):
        return True
    return synchronises(code, SYNC_METHODS | scope.substituted, scope.announced)


class _Writer:
    def __init__(
        self,
        code: types.CodeType,
        scope: Scope,
        hooks: Hooks,
        cells: frozenset[str],
        nested: Mapping[int, types.CodeType],
    ) -> None:
        self.code = code
        self.scope = scope
        self.hooks = hooks
        self.cells = cells
        self.nested = nested
        self.entries: Sequence[Any] = ()
        self.sites: dict[int, Site] = {}
        self.all_sites: list[Site] = []
        self.ordinals: dict[tuple[str, str, str], int] = {}
        self.callees: list[bool] = []  # of calls whose arguments are being loaded: whether that may be a kept method
        self.index = 0
        self.changed = False

    def run(self) -> Rewritten:
        original = Bytecode.from_code(self.code, conserve_exception_block_stackdepth=True)
        original.argnames = list(self.code.co_varnames)  # or the library renumbers the local variables
        self.entries = entries = list.copy(original)  # the library's own ways to copy and to fill check each entry
        output: list[Any] = []
        following = followers(entries)
        eventful = op.EVENTFUL if self.scope.accesses else op.EVENTFUL_IN_LIBRARY
        previous = None
        for index, entry in enumerate(entries):
            if isinstance(entry, Instr) and (name := entry.name) in eventful:
                self.index = index
                output += self._instruction(entry, name, previous, following[index])
            else:
                output.append(entry)
            previous = entry
        if not self.changed:
            return Rewritten(self.code, self.code, ())
        safepoints = tuple(i for i, e in enumerate(entries) if isinstance(e, Instr) and e.name in op.SAFEPOINT_OPCODES)
        info = FunctionInfo(self.code.co_qualname, safepoints)
        for site in self.all_sites:
            site.function = info
        if self.scope.accesses:
            returns = not self.code.co_flags & _SUSPENDED
            link_updates(entries, self.sites, arguments_of(self.code), returns=returns)
        original.clear()
        list.extend(original, output)
        # Hooks leave the stack as it was: working the depths out anew would take as long as all the rest.
        depth = self.code.co_stacksize + op.HOOK_STACK
        code = original.to_code(stacksize=depth, compute_exception_stack_depths=False)
        return Rewritten(self.code, code, tuple(self.all_sites))

    def _site(self, entry: Instr, kind: str, action: str, name: str, *, flows: bool = True) -> Site:
        """Return a new site; ``flows``: what is read there may be what is written later."""
        self.changed = True
        ordinal = self.ordinals.get((kind, action, name), 0)
        self.ordinals[kind, action, name] = ordinal + 1
        line = entry.lineno
        if not isinstance(line, int):
            line = self.code.co_firstlineno
        key = f"{self.scope.module}:{self.code.co_qualname}:{action} {kind} {name}#{ordinal}"
        site = Site(
            kind, action, name, key, self.code.co_filename, line, self.code.co_qualname, self.index,
            muted=not self.scope.accesses,
        )  # fmt: skip
        if kind != STEP and flows:  # a call's own site tells the dataflow nothing
            self.sites[self.index] = site  # a second site at one instruction: the dataflow sees the newer
        self.all_sites.append(site)
        return site

    def _instruction(self, entry: Instr, opname: str, previous: Any, following: Instr | None) -> list[Any]:
        where = entry.location
        if opname == "LOAD_CONST":
            return self._constant(entry)
        if opname == "RESUME":
            return self._begin(entry, following)
        loaded = op.attribute_load(entry)
        if loaded is not None:
            return self._attribute(entry, *loaded, previous, following)
        named = op.global_load(entry)
        if named is not None:
            return self._global(entry, *named)
        if op.enters_with(entry, following):
            site = self._site(entry, WITH, READ, "")
            site.label = name_of(previous)
            return [*op.replace_top(self.hooks.enter, site, where), entry]
        if self.scope.accesses:
            if op.begins_call(entry, previous) or opname == "YIELD_VALUE":
                site = self._site(entry, STEP, READ, "")
                before = op.hook_with_loaded(self.hooks.step, [], site, where)
                return [*before, *self._before_call(entry, following), entry]
            if opname == "RETURN_VALUE" and self.scope.caches:
                site = self._site(entry, STEP, READ, RETURN)
                return [*op.hook_with_loaded(self.hooks.step, [], site, where), entry]
            return self._access(entry, previous)
        return [entry]

    def _constant(self, entry: Instr) -> list[Any]:
        """Load rewritten code in the place of its original."""
        if not isinstance(entry.arg, types.CodeType):
            return [entry]
        if entry.arg.co_name in op.COMPREHENSIONS:
            self.callees.append(False)
        replaced = self.nested.get(id(entry.arg))
        if replaced is None or replaced is entry.arg:
            return [entry]
        self.changed = True
        return [Instr("LOAD_CONST", replaced, location=entry.location)]

    def _begin(self, entry: Instr, following: Instr | None) -> list[Any]:
        """Announce the call of the function at its beginning, or how far it looks."""
        code, where = self.code, entry.location
        if entry.arg == 0 and code.co_qualname in self.scope.announced:
            if code.co_varnames[0] in code.co_cellvars:
                return [entry]
            site = self._site(entry, CALL, READ, code.co_qualname)
            first = Instr("LOAD_FAST", code.co_varnames[0], location=where)
            return [entry, *op.hook_with_loaded(self.hooks.call, [first], site, where)]
        if self.scope.looks >= BEYOND:
            self.changed = True
            there = following.location if following is not None else where  # no line of its own for what traces lines
            return [entry, *op.hook_with_loaded(self.hooks.look, [], self.scope.looks, there)]
        return [entry]

    def _attribute(self, entry: Instr, name: str, is_call: bool, previous: Any, following: Instr | None) -> list[Any]:
        where, label = entry.location, name_of(previous)
        before: list[Any] = []
        scope = self.scope
        if name == CODE and scope.accesses and (following is None or op.attribute_load(following) not in _ASKED_LOADS):
            self.changed = True
            before += op.replace_top(self.hooks.settle, None, where)
        if scope.accesses and (
            name in scope.attributes_written or name in scope.globals_written or (scope.any_attribute and not is_call)
        ):
            before += op.call_hook(self.hooks.read_attr, [1], self._site(entry, ATTR, READ, name), where)
        if is_call:
            effect = CONTAINER_METHODS.get(name) if scope.accesses else None
            if effect is not None or name in SYNC_METHODS:
                action = READ if effect in (READ_ITEM, READ_ALL) else WRITE
                site = self._site(entry, METHOD, action, name)
                site.label = label if name != ENTER_CONTEXT else ""  # it is the stack's name, not the lock's
                before += op.replace_top(self.hooks.method, site, where)
        elif name in ("__enter__", "__exit__") or (name in LOADED_METHODS and scope.accesses):
            before += op.replace_top(self.hooks.method, self._site(entry, METHOD, READ, name), where)
        elif name in QUEUE_METHODS:
            before += op.replace_top(self.hooks.loaded, self._site(entry, METHOD, WRITE, name), where)
        if is_call:
            self.callees.append(scope.any_attribute or name in scope.attributes_written)
        if name in LIBRARY_NAMES and label in scope.libraries and (is_call or op.is_called(previous, following)):
            before += op.replace_top(self.hooks.method, self._site(entry, METHOD, READ, name), where)
        return [*before, entry]

    def _global(self, entry: Instr, name: str, push_null: bool) -> list[Any]:
        where = entry.location
        scope = self.scope
        before: list[Any] = []
        if push_null:
            self.callees.append(name in scope.globals_written or name in scope.kept)
        if scope.accesses and name in scope.globals_written:
            site = self._site(entry, GLOBAL, READ, name)
            before = op.hook_with_loaded(self.hooks.read_global, [], site, where)
        if name in scope.substituted or (push_null and name in scope.substituted_calls):
            self.changed = True
            return [*before, *op.load_global(name, push_null, self.hooks.substitute, where)]
        return [*before, entry]

    def _before_call(self, entry: Instr, following: Instr | None) -> list[Any]:
        """Announce what a call does to a container: what is called may be a method of one that was kept, or one the
        arguments."""
        if entry.name == "CALL_FUNCTION_EX":
            site = self._site(entry, WHOLE, READ, "arguments", flows=False)
            site.offset -= 1  # the interpreter may switch at the call, after it
            before = op.call_hook(self.hooks.look_over, [op.arguments_depth(entry)], site, entry.location)
        else:
            before = []
        depth = op.callable_depth(entry, following)
        if depth is None or not (self.callees.pop() if self.callees else True):
            return before
        site = self._site(entry, WHOLE, WRITE, "call", flows=False)
        site.offset -= 1
        return [*before, *op.call_hook(self.hooks.called, [depth], site, entry.location)]

    def _access(self, entry: Instr, previous: Any) -> list[Any]:
        name, where, hooks = entry.name, entry.location, self.hooks
        if name == "PUSH_NULL":  # beside what is called, before it or after it
            self.callees.append(True)
            return [entry]
        if op.is_subscript_load(entry):
            return [*op.call_hook(hooks.read_item, [2, 1], self._site(entry, ITEM, READ, ""), where), entry]
        if name == "STORE_SUBSCR":
            return [*op.call_hook(hooks.write_item, [3, 2, 1], self._site(entry, ITEM, WRITE, ""), where), entry]
        if name == "DELETE_SUBSCR":
            site = self._site(entry, WHOLE, DELETE, "del")
            return [*op.call_hook(hooks.delete_item, [2, 1], site, where), entry]
        if name == "STORE_ATTR":
            site = self._site(entry, ATTR, WRITE, str(entry.arg))
            return [*op.call_hook(hooks.write_attr, [2, 1], site, where), entry]
        if name == "DELETE_ATTR":
            site = self._site(entry, ATTR, DELETE, str(entry.arg))
            return [*self._delete_attr(site, where), entry]
        if name in ("STORE_GLOBAL", "DELETE_GLOBAL"):
            if str(entry.arg) not in self.scope.globals_written:
                return [entry]
            site = self._site(entry, GLOBAL, WRITE if name == "STORE_GLOBAL" else DELETE, str(entry.arg))
            if name == "DELETE_GLOBAL":
                none = Instr("LOAD_CONST", None, location=where)
                return [*op.hook_with_loaded(hooks.write_global, [none], site, where), entry]
            return [*op.call_hook(hooks.write_global, [1], site, where), entry]
        if name in ("LOAD_DEREF", "STORE_DEREF"):
            variable = op.variable(entry)
            if variable not in self.cells:
                return [entry]
            cell = op.load_cell(entry.arg, where)
            if name == "LOAD_DEREF":
                site = self._site(entry, CELL, READ, variable)
                return [*op.hook_with_loaded(hooks.read_cell, [cell], site, where), entry]
            site = self._site(entry, CELL, WRITE, variable)
            return [*op.hook_with_top(hooks.write_cell, [cell], site, where), entry]
        if name == "CONTAINS_OP" and not self._asks_for_a_local():
            return [*op.call_hook(hooks.read_whole, [1], self._site(entry, WHOLE, READ, "in"), where), entry]
        if name == "BINARY_SLICE":
            return [*op.call_hook(hooks.read_whole, [3], self._site(entry, WHOLE, READ, "slice"), where), entry]
        if name == "STORE_SLICE":
            return [*op.call_hook(hooks.write_whole, [3], self._site(entry, WHOLE, WRITE, "slice"), where), entry]
        if name in ("GET_LEN", "MATCH_KEYS"):
            site = self._site(entry, WHOLE, READ, "match")
            return [*op.call_hook(hooks.read_whole, [1 if name == "GET_LEN" else 2], site, where), entry]
        if name == "MATCH_CLASS":
            return [*self._match_class(entry, previous), entry]
        if name == "COMPARE_OP" and compares_equality(entry) and not is_constant(previous):
            site = self._site(entry, WHOLE, READ, "==")
            right = op.call_hook(hooks.read_whole, [1], site, where) if pushes_object(previous) else []
            return [*op.call_hook(hooks.read_whole, [2], site, where), *right, entry]
        if name == "BINARY_OP" and may_join(entry, previous):
            action = WRITE if op.operator(entry).startswith("INPLACE_") else READ
            site = self._site(entry, WHOLE, action, "operator", flows=False)
            return [*op.call_hook(hooks.operate, [2, 1], site, where), entry]
        if name in op.FORMATS:
            site = self._site(entry, WHOLE, READ, "format", flows=False)
            return [*op.call_hook(hooks.look_over, [op.formatted_depth(entry)], site, where), entry]
        if name == "GET_YIELD_FROM_ITER":
            site = self._site(entry, WHOLE, READ, "iter", flows=False)
            return [*op.call_hook(hooks.look_over, [1], site, where), entry]
        if name == "COMPARE_OP" and not compares_equality(entry) and not is_constant(previous):
            site = self._site(entry, WHOLE, READ, "compare", flows=False)
            return [*op.call_hook(hooks.operate, [2, 1], site, where), entry]
        called, is_call = op.super_load(entry)
        if is_call:
            self.callees.append(False)
        if called in CONTAINER_OPERATIONS:
            action = READ if CONTAINER_OPERATIONS[called] in (READ_ITEM, READ_ALL) else WRITE
            site = self._site(entry, WHOLE, action, called, flows=False)
            return [*op.call_hook(hooks.by_super, [2, 1], site, where), entry]
        if name in ("GET_ITER", "LIST_EXTEND", "SET_UPDATE", "DICT_UPDATE", "DICT_MERGE") or name in op.UNPACKS:
            site = self._site(entry, WHOLE, READ, "iter" if name == "GET_ITER" else "unpack")
            if name == "GET_ITER":
                return [*op.replace_top(hooks.iterate, site, where), entry]
            return [*op.call_hook(hooks.read_whole, [1], site, where), entry]
        if tests_truth(entry) and pushes_object(previous):
            return [*op.call_hook(hooks.read_whole, [1], self._site(entry, WHOLE, READ, "truth"), where), entry]
        return [entry]

    def _match_class(self, entry: Instr, names: Any) -> list[Any]:
        """Announce the attributes that a class pattern reads; the stack holds subject, class, names of keywords."""
        before: list[Any] = []
        where = entry.location
        for place in range(entry.arg if isinstance(entry.arg, int) else 0):
            site = self._site(entry, ATTR, READ, f"[{place}]")
            site.label = str(place)
            before += op.call_hook(self.hooks.read_position, [3, 2], site, where)
        for name in names.arg if isinstance(names, Instr) and isinstance(names.arg, tuple) else ():
            if name in self.scope.attributes_written or self.scope.any_attribute:
                site = self._site(entry, ATTR, READ, name)
                before += op.call_hook(self.hooks.read_attr, [3], site, where)
        return before

    def _asks_for_a_local(self) -> bool:
        """Say whether this is ``"name" in @py_builtins.locals()``, which pytest writes into a test's asserts."""
        for entry in reversed(self.entries[max(0, self.index - LOCALS_CALL) : self.index]):
            if isinstance(entry, Instr):
                if entry.name == "CONTAINS_OP":
                    break
                if "@py_builtins" in str(entry.arg):
                    return True
        return False

    def _delete_attr(self, site: Site, where: op.Location) -> list[Any]:
        none = Instr("LOAD_CONST", None, location=where)
        top = Instr("COPY", 4, location=where)
        return op.hook_with_loaded(self.hooks.write_attr, [none, top], site, where)
