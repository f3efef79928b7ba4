"""Bytecode as it lies in memory, for a quick look at very many code objects: without decoding what is not asked for."""

from __future__ import annotations

import dis
import types
from collections.abc import Iterator

_EXTENDED_ARG = dis.opmap["EXTENDED_ARG"]


def holds(code: types.CodeType, opcodes: frozenset[int]) -> bool:
    """Say whether any instruction of ``code``, code within it left out, is one of ``opcodes``."""
    return not opcodes.isdisjoint(code.co_code[::2])


def instructions(code: types.CodeType) -> Iterator[tuple[int, int]]:
    """Yield the number and the argument of each instruction, inline caches (0) among them."""
    raw = code.co_code
    extended = 0
    for opcode, argument in zip(raw[::2], raw[1::2], strict=True):
        argument |= extended
        if opcode == _EXTENDED_ARG:
            extended = argument << 8
        else:
            extended = 0
            yield opcode, argument


def slots_of(code: types.CodeType) -> tuple[str, ...]:
    """Return the names of the variables of ``code`` by the numbers that its instructions call them."""
    own = frozenset(code.co_varnames)
    return (*code.co_varnames, *(name for name in code.co_cellvars if name not in own), *code.co_freevars)
