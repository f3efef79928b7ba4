"""How a call to a hook is spelled in the bytecode of each Python version."""

from __future__ import annotations

import dis
import sys
from collections.abc import Sequence
from functools import cache
from typing import Any

from bytecode import Instr
from bytecode.instr import InstrLocation

PY312 = sys.version_info >= (3, 12)
PY313 = sys.version_info >= (3, 13)
PY314 = sys.version_info >= (3, 14)

Location = InstrLocation | None

HOOK_STACK = 8
"""Stack entries that a call to a hook needs at most: hook, NULL, three operands, the site, and two to spare."""

UNPACKS = frozenset({"UNPACK_SEQUENCE", "UNPACK_EX"})

EVENTFUL = frozenset(
    name
    for name in dis.opmap
    if not name.startswith(("LOAD_FAST", "STORE_FAST", "BUILD_", "JUMP_"))
    and not (PY313 and name.startswith("POP_JUMP_"))  # before, they ask what is true themselves
    and name not in {"POP_TOP", "NOP", "SWAP", "FOR_ITER", "END_FOR", "MAKE_FUNCTION", "RERAISE", "POP_EXCEPT"}
)
"""Instructions that may get a hook: not so about every second."""

EVENTFUL_IN_LIBRARY = frozenset(
    {"LOAD_CONST", "RESUME", "LOAD_ATTR", "LOAD_METHOD", "LOAD_GLOBAL", "BEFORE_WITH", "COPY"}
)
"""Those that may where only synchronisation is taken over."""

WITH_OPCODES = frozenset(dis.opmap[name] for name in ("BEFORE_WITH", "LOAD_SPECIAL") if name in dis.opmap)
"""Numbers of the instructions with which a ``with`` statement looks its context manager's methods up."""


@cache
def _after(name: str, arg: int | None = None) -> Instr:
    """Return an instruction that has the location of the one before it; one of each kind, which nobody changes:
    to make instructions is what inserting costs."""
    return Instr(name) if arg is None else Instr(name, arg)


def _call(count: int) -> list[Instr]:
    call = _after("CALL", count)
    return [call] if PY312 else [_after("PRECALL", count), call]


def _begin(hook: Any, where: Location) -> list[Instr]:
    if PY313:
        return [Instr("LOAD_CONST", hook, location=where), _after("PUSH_NULL")]
    return [Instr("PUSH_NULL", location=where), Instr("LOAD_CONST", hook)]


def call_hook(hook: Any, depths: Sequence[int], site: Any, where: Location) -> list[Instr]:
    """Call ``hook(*operands, site)`` and drop its result; the stack is left as it was.

    ``depths`` are the positions of the operands on the stack, 1 for the top.
    """
    return [
        *_begin(hook, where),
        *(_after("COPY", depth + 2 + pushed) for pushed, depth in enumerate(depths)),
        Instr("LOAD_CONST", site),
        *_call(len(depths) + 1),
        _after("POP_TOP"),
    ]


def replace_top(hook: Any, site: Any, where: Location) -> list[Instr]:
    """Replace the top of the stack by ``hook(top, site)``."""
    return [
        *_begin(hook, where),
        _after("COPY", 3),
        Instr("LOAD_CONST", site),
        *_call(2),
        _after("SWAP", 2),
        _after("POP_TOP"),
    ]


def hook_with_loaded(hook: Any, loads: Sequence[Instr], site: Any, where: Location) -> list[Instr]:
    """Call ``hook(*loaded, site)`` where ``loads`` push one operand each; drop the result."""
    return [
        *_begin(hook, where),
        *loads,
        Instr("LOAD_CONST", site),
        *_call(len(loads) + 1),
        _after("POP_TOP"),
    ]


def hook_with_top(hook: Any, loads: Sequence[Instr], site: Any, where: Location) -> list[Instr]:
    """Call ``hook(top, *loaded, site)``; drop the result."""
    return [
        *_begin(hook, where),
        _after("COPY", 3),
        *loads,
        Instr("LOAD_CONST", site),
        *_call(len(loads) + 2),
        _after("POP_TOP"),
    ]


def load_global(name: str, push_null: bool, hook: Any, where: Location) -> list[Instr]:
    """Push ``hook(the global called name, None)``, with the NULL of the calling convention where asked for."""
    load = [Instr("LOAD_GLOBAL", (False, name), location=where), *replace_top(hook, None, where)]
    if not push_null:
        return load
    null = Instr("PUSH_NULL", location=where)
    return [*load, null] if PY313 else [null, *load]


def load_cell(cell: Any, where: Location) -> Instr:
    """Push the cell object of a closure variable (``bytecode.CellVar`` or ``FreeVar``)."""
    return Instr("LOAD_FAST" if PY313 else "LOAD_CLOSURE", cell, location=where)


def variable(instr: Instr) -> str:
    """Return the name of the closure variable that ``instr`` uses; an argument that is a cell is a plain name."""
    return str(getattr(instr.arg, "name", instr.arg))


def attribute_load(instr: Instr) -> tuple[str, bool] | None:
    """Return (name, is a method call) where ``instr`` loads an attribute, else None."""
    if instr.name == "LOAD_METHOD":
        return str(instr.arg), True
    if instr.name == "LOAD_ATTR":
        if isinstance(instr.arg, tuple):
            return str(instr.arg[1]), bool(instr.arg[0])
        return str(instr.arg), False
    return None


def is_called(previous: Any, following: Instr | None) -> bool:
    """Say whether the attribute loaded between ``previous`` and ``following``, no method, is called on the spot."""
    if PY313:
        return following is not None and following.name == "PUSH_NULL"
    loaded = global_load(previous) if isinstance(previous, Instr) else None
    return loaded is not None and loaded[1]  # the NULL lies below the module


def global_load(instr: Instr) -> tuple[str, bool] | None:
    """Return (name, pushes NULL) where ``instr`` loads a global, else None."""
    if instr.name == "LOAD_GLOBAL":
        if isinstance(instr.arg, tuple):
            return str(instr.arg[1]), bool(instr.arg[0])
        return str(instr.arg), False
    return None


def is_subscript_load(instr: Instr) -> bool:
    """Say whether ``instr`` is ``container[key]`` as a value."""
    if instr.name == "BINARY_SUBSCR":
        return True
    return PY314 and instr.name == "BINARY_OP" and getattr(instr.arg, "name", "") == "SUBSCR"


def enters_with(instr: Instr, following: Instr | None) -> bool:
    """Say whether the top of the stack before ``instr`` is the context manager of a ``with`` statement."""
    if instr.name == "BEFORE_WITH":
        return True
    return (
        PY314
        and instr.name == "COPY"
        and instr.arg == 1
        and following is not None
        and following.name == "LOAD_SPECIAL"
        and getattr(following.arg, "name", "") == "EXIT"
    )


def begins_call(instr: Instr, previous: Any) -> bool:
    """Say whether ``instr`` is the first instruction of a call's own sequence (arguments are on the stack already).

    The call of ``__enter__`` in a ``with`` statement since 3.14 is none: it was announced where its lock was loaded.
    """
    if isinstance(previous, Instr) and previous.name == "LOAD_SPECIAL":
        return False
    named = isinstance(previous, Instr) and previous.name == "KW_NAMES"
    if instr.name == "KW_NAMES":
        return True
    if not PY312:
        return (instr.name == "PRECALL" and not named) or instr.name == "CALL_FUNCTION_EX"
    return (instr.name == "CALL" and not named) or instr.name in ("CALL_KW", "CALL_FUNCTION_EX")


def callable_depth(instr: Instr, following: Instr | None) -> int | None:
    """Return where on the stack that is which the call beginning with ``instr`` calls, or, before 3.13, the object
    whose method it calls; None where it cannot be told."""
    if instr.name == "CALL_FUNCTION_EX":
        return arguments_depth(instr) + (2 if PY313 else 1)
    call = following if instr.name == "KW_NAMES" else instr
    if call is None or call.name not in ("CALL", "PRECALL", "CALL_KW") or not isinstance(call.arg, int):
        return None
    return call.arg + (2 if PY313 else 1) + (call.name == "CALL_KW")


def arguments_depth(instr: Instr) -> int:
    """Return where on the stack the positional arguments of a CALL_FUNCTION_EX are."""
    return 2 if PY314 or (isinstance(instr.arg, int) and instr.arg & 1) else 1


COMPREHENSIONS = frozenset({"<genexpr>", "<listcomp>", "<setcomp>", "<dictcomp>"})
"""Names of functions that are called where they are made, without a NULL beside them."""


def super_load(instr: Instr) -> tuple[str, bool]:
    """Return (name, is a method call) where ``instr`` gets an attribute from ``super()``, whose class and object are on
    the stack; no name elsewhere."""
    arg = instr.arg
    if instr.name == "LOAD_SUPER_ATTR" and isinstance(arg, tuple):
        return str(arg[-1]), bool(arg[0])
    return "", False


FORMATS = frozenset({"FORMAT_VALUE", "FORMAT_SIMPLE", "FORMAT_WITH_SPEC", "CONVERT_VALUE"})
"""Instructions that make text of a value for an f-string."""


def formatted_depth(instr: Instr) -> int:
    """Return where on the stack that value is."""
    arg: Any = instr.arg
    if instr.name == "FORMAT_VALUE":
        return 2 if (arg[0] if isinstance(arg, tuple) else int(arg) & 4) else 1
    return 2 if instr.name == "FORMAT_WITH_SPEC" else 1


def operator(instr: Instr) -> str:
    """Return the name of the operator of a BINARY_OP."""
    return str(getattr(instr.arg, "name", "")).removeprefix("NB_")


SAFEPOINT_OPCODES = frozenset(
    {"CALL", "CALL_KW", "CALL_FUNCTION_EX", "JUMP_BACKWARD", "RESUME", "POP_JUMP_BACKWARD_IF_TRUE"}
    | {"POP_JUMP_BACKWARD_IF_FALSE", "POP_JUMP_BACKWARD_IF_NONE", "POP_JUMP_BACKWARD_IF_NOT_NONE"}
)
"""Instructions at which a GIL build since 3.10 surely checks whether to hand over to another thread (ceval.c's eval
breaker): calls, function entry, backward jumps. What is not certain is left out."""
