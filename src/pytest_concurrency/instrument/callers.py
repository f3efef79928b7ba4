"""Which code looks at the frames of its callers, or at code objects: it could tell a stub from the function.

A function that looks no further than at its direct caller is rewritten at once, and sees what it always saw. One that
may look further (at a fixed depth of two or more, at a depth that it is given, or at all of the stack) could meet the
stub of a function that is on the stack with it for the first time; what it saw then does not count. One that may come
upon any function (a tracer, say) could meet any stub: when it is called, all functions are rewritten. One that is asked
for its code is rewritten first (see :mod:`.rewrite`).
"""

from __future__ import annotations

import dis
import inspect
import sys
import traceback
import types
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

NOWHERE, AT_CALLER, BEYOND, ANYWHERE = 0, 1, 2, 3
"""How far code looks."""

_DEPTHS = frozenset({"_getframe", "_getframemodulename"})
_STACKS = frozenset({"getouterframes", "extract_stack", "print_stack", "format_stack", "walk_stack"})
_ANY = frozenset(
    {"_current_frames", "settrace", "setprofile", "settrace_all_threads", "setprofile_all_threads", "monitoring"}
)
_ASKS = "hasattr"
_GETS = frozenset({"getattr", "setattr", "attrgetter"})
CODE = "__code__"
ASKED = frozenset(
    {"co_argcount", "co_kwonlyargcount", "co_posonlyargcount", "co_varnames", "co_flags", "co_name", "co_qualname"}
    | {"co_filename", "co_firstlineno", "co_freevars"}
)
"""What stubs, rewritten and original code have in common."""
_WORDS = _DEPTHS | _STACKS | _ANY | {"currentframe", "f_back", "stacklevel", CODE, "stack", "warn"}
_CONSTANTS = frozenset({"LOAD_CONST", "LOAD_SMALL_INT"})
_SILENT = frozenset({"CACHE", "PRECALL", "NOP", "EXTENDED_ARG", "NOT_TAKEN"})
_MADE_CALLS = frozenset({"CALL", "CALL_KW", "CALL_FUNCTION_EX"})
_FUNCTIONS: Mapping[int, str] = {
    id(getattr(module, name)): name
    for module, names in (
        (sys, ("_getframe", "_getframemodulename", "_current_frames", "settrace", "setprofile")),
        (inspect, ("currentframe", "stack", "getouterframes")),
        (traceback, ("extract_stack", "print_stack", "format_stack", "walk_stack")),
        (warnings, ("warn",)),
    )
    for name in names
    if hasattr(module, name)
}
_MODULES: Mapping[int, str] = {id(inspect): "inspect", id(warnings): "warnings"}


def aliases(module: Mapping[str, Any]) -> dict[str, str]:
    """Return the global names of ``module`` that hold one of the functions or modules in question, and its own name."""
    found = {}
    for name, value in list(module.items()):
        known = _FUNCTIONS.get(id(value)) or _MODULES.get(id(value))
        if known is not None:
            found[name] = known
    return found


def looks(codes: Iterable[types.CodeType], also: Mapping[str, str]) -> int:
    """Return how far ``codes`` look, in a module with the given :func:`aliases`."""
    farthest = NOWHERE
    words = _WORDS.union(name for name, word in also.items() if word not in _MODULES.values()) if also else _WORDS
    for code in codes:
        if not (
            words.isdisjoint(code.co_names)
            and "stacklevel" not in code.co_varnames
            and not any(_names_level(const) for const in code.co_consts)
        ):
            farthest = max(farthest, _look(code, also))
            if farthest == ANYWHERE:
                break
    return farthest


def _names_level(const: object) -> bool:
    if type(const) is tuple:
        return "stacklevel" in const or "stack_info" in const
    return type(const) is str and const in ("stacklevel", "stack_info", CODE)


def _look(code: types.CodeType, also: Mapping[str, str]) -> int:
    used = {also.get(name, name) for name in code.co_names}
    direct = {also[name] for name in code.co_names if name in also}
    consts = [const for const in code.co_consts if _names_level(const)]
    levels = [const for const in consts if const != CODE]
    steps = [step for step in dis.get_instructions(code) if step.opname not in _SILENT]
    replaces = any(step.opname == "STORE_ATTR" and step.argval == CODE for step in steps)
    asks = CODE in consts and not (_ASKS in used and _GETS.isdisjoint(used))
    if replaces or asks or not _ANY.isdisjoint(used):
        return ANYWHERE
    if "stacklevel" in code.co_varnames or any(type(const) is str or "stack_info" in const for const in levels):
        return BEYOND
    if not _STACKS.isdisjoint(used) or "stack" in direct or {"inspect", "stack"} <= used:
        return BEYOND
    found = NOWHERE
    for index, step in enumerate(steps):
        word = also.get(step.argval, step.argval) if isinstance(step.argval, str) else step.argval
        if (step.opname in _CONSTANTS and type(word) is tuple and "stacklevel" in word) or step.opname == "KW_NAMES":
            names = word if type(word) is tuple else code.co_consts[step.arg or 0]
            if "stacklevel" in names and (names[-1] != "stacklevel" or not _is_near(steps[index - 1])):
                return BEYOND
        if not step.opname.startswith(("LOAD_", "IMPORT_FROM")) or not isinstance(word, str):
            continue
        following = [after for after in steps[index + 1 : index + 4] if after.opname != "PUSH_NULL"]
        if word in _DEPTHS:
            found = AT_CALLER
            if not _asks_near(following):
                return BEYOND
        elif word in ("currentframe", "stacklevel"):
            found = AT_CALLER
        elif word == "f_back":
            found = AT_CALLER
            if _repeats(steps) or not _frames_own(steps):
                return BEYOND
        elif word == "warn" and ("warnings" in used or "warn" in direct):
            found = AT_CALLER
            if not _warns_near(steps[index + 1 :]):
                return BEYOND
    return max(found, AT_CALLER if levels else NOWHERE)


def _is_near(step: dis.Instruction) -> bool:
    return step.opname in _CONSTANTS and isinstance(step.argval, int) and step.argval <= 2


def _asks_near(following: list[dis.Instruction]) -> bool:
    """Say whether a function just loaded is called for a frame no further away than the caller's."""
    if following and following[0].opname == "CALL" and following[0].arg == 0:
        return True
    if len(following) < 2 or following[1].opname != "CALL" or following[1].arg != 1:
        return False
    return following[0].opname in _CONSTANTS and following[0].argval in (0, 1)


def _repeats(steps: list[dis.Instruction]) -> bool:
    return sum(step.argval == "f_back" for step in steps) > 1 or any("BACKWARD" in step.opname for step in steps)


def _frames_own(steps: list[dis.Instruction]) -> bool:
    """Say whether all frames that the code asks for are its own."""
    steps = [step for step in steps if step.opname != "PUSH_NULL"]
    asked = [index for index, step in enumerate(steps) if step.argval in ("_getframe", "currentframe")]
    called = [steps[index + 1 : index + 3] for index in asked]
    return bool(asked) and all(
        (after and after[0].opname == "CALL" and after[0].arg == 0)
        or (len(after) == 2 and after[0].opname in _CONSTANTS and after[0].argval == 0)
        for after in called
    )


def _warns_near(steps: list[dis.Instruction]) -> bool:
    """Say whether ``warn``, just loaded, is called with no level by position, or with one that names the caller."""
    depth = 0
    if steps and steps[0].opname == "PUSH_NULL":
        steps = steps[1:]
    for before, step in zip([None, *steps], steps, strict=False):
        if step.opname in _MADE_CALLS:
            named = step.opname == "CALL_KW" or (before is not None and before.opname == "KW_NAMES")
            count = int(step.arg or 0) + (step.opname == "CALL_KW")
            if step.opname == "CALL_FUNCTION_EX":
                return False
            if depth <= count:
                return named or count < 3 or (before is not None and _is_near(before))
            depth -= count + 1
        elif step.opname.startswith(("JUMP", "POP_JUMP", "RETURN", "RAISE")):
            return False
        else:
            argument = step.arg if step.opcode >= dis.HAVE_ARGUMENT else None
            try:
                depth += dis.stack_effect(step.opcode, argument, jump=False)
            except ValueError:
                return False
    return False


def inner(code: types.CodeType) -> Iterator[types.CodeType]:
    """Yield ``code`` and all code within it."""
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from inner(const)
