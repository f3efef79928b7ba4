"""What the instructions around one tell of the values on the stack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bytecode import Instr

from . import opcodes as op

_JOINING = frozenset({"ADD", "OR", "AND", "XOR", "SUBTRACT", "MULTIPLY", "REMAINDER"})
_NUMBERS = (int, float, complex)


def followers(entries: Sequence[Any]) -> list[Instr | None]:
    """Return for each entry the next one that is an instruction."""
    found: list[Instr | None] = []
    following = None
    for entry in reversed(entries):
        found.append(following)
        if isinstance(entry, Instr):
            following = entry
    return found[::-1]


def name_of(previous: Any) -> str:
    """Return the name under which the object on top of the stack was loaded, or an empty string."""
    if not isinstance(previous, Instr) or not previous.name.startswith("LOAD_"):
        return ""
    arg = previous.arg
    if isinstance(arg, tuple):
        arg = arg[-1]
    return str(getattr(arg, "name", arg)) if isinstance(arg, str) or hasattr(arg, "name") else ""


def tests_truth(entry: Instr) -> bool:
    """Say whether ``entry`` asks the object on top of the stack whether it is true."""
    return entry.name in ("TO_BOOL", "UNARY_NOT") or (
        not op.PY313 and ("IF_TRUE" in entry.name or "IF_FALSE" in entry.name)
    )


def compares_equality(entry: Instr) -> bool:
    """Say whether ``entry``, a COMPARE_OP, is ``==`` or ``!=``."""
    return str(getattr(entry.arg, "name", entry.arg)).removeprefix("CMP_").removesuffix("_CAST") in ("EQ", "NE")


def is_constant(entry: Any) -> bool:
    """Say whether ``entry`` pushes a constant."""
    return isinstance(entry, Instr) and entry.name in ("LOAD_CONST", "LOAD_SMALL_INT")


def pushes_object(entry: Any) -> bool:
    """Say whether what ``entry`` pushes may be an object that workers share."""
    return isinstance(entry, Instr) and entry.name in (
        "LOAD_ATTR", "LOAD_GLOBAL", "LOAD_FAST", "LOAD_FAST_BORROW", "LOAD_DEREF", "BINARY_SUBSCR", "CALL", "COPY",
        "LOAD_FAST_CHECK", "LOAD_FAST_LOAD_FAST", "LOAD_FAST_BORROW_LOAD_FAST_BORROW",
    )  # fmt: skip


def may_join(entry: Instr, previous: Any) -> bool:
    """Say whether the operands of ``entry``, a BINARY_OP, may be containers: not so beside a number that ``previous``
    pushes."""
    name = op.operator(entry).removeprefix("INPLACE_")
    number = is_constant(previous) and isinstance(previous.arg, _NUMBERS) and name != "MULTIPLY"
    return name in _JOINING and not number
