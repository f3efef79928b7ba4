"""Stubs: code objects that stand in for a function's code until it is first called (see :mod:`.deferred`).

A stub has the signature, names and place of the original, for all who ask a function that is not running, but no line
table: nothing that traces lines sees it. It gives its arguments away before the call, so that they live no longer than
in a direct one.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bytecode import Bytecode, Instr

from .deferred import Deferred, itself, take_out
from .opcodes import PY312, PY313

_CALLS = frozenset({"CALL", "CALL_KW", "CALL_FUNCTION_EX"})
_BEFORE_CALL = frozenset({"KW_NAMES", "PRECALL"})
_OWNED = {"LOAD_FAST_BORROW": "LOAD_FAST", "LOAD_FAST_BORROW_LOAD_FAST_BORROW": "LOAD_FAST_LOAD_FAST"}
"""A borrowed reference must not outlive its variable, and the stub deletes its variables."""
_KINDS = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS
_SUSPENDED = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
_PLAIN = inspect.CO_OPTIMIZED | inspect.CO_NEWLOCALS
_MOST = 30
"""Parameters, and closure variables, of a function that can be put off; compilers treat longer calls differently."""
_NO_LINES = 0xF8
"""The first byte of an entry in a line table that says: these (up to 8) code units come from no line."""
Shape = tuple[int, int, int, int, int]


def can_wait(code: types.CodeType) -> bool:
    """Say whether a function with ``code`` may get a stub."""
    if code.co_flags & _SUSPENDED or code.co_flags & _PLAIN != _PLAIN:
        return False
    if not PY312 and code.co_flags & _KINDS:
        return False  # Python 3.11 keeps what is passed on as *args alive until the call is over
    return code.co_argcount + code.co_kwonlyargcount <= _MOST and len(code.co_freevars) <= _MOST


@dataclass(frozen=True, slots=True)
class _Template:
    """A stub of one shape; ``renamed`` are the names of its parameters by number."""

    code: types.CodeType
    renamed: dict[str, int]

    def constants(self, names: tuple[str, ...], documentation: object) -> list[object]:
        found: list[object] = []
        for const in self.code.co_consts:
            if isinstance(const, str) and const in self.renamed:
                found.append(names[self.renamed[const]])
            elif isinstance(const, tuple):
                found.append(tuple(names[self.renamed[name]] for name in const))
            else:
                found.append(const)
        found[0] = documentation
        return found


@dataclass(slots=True)
class Stubs:
    """Makes stubs; one template for each shape of signature is compiled."""

    _templates: dict[Shape, _Template | None] = field(default_factory=dict)

    def make(self, code: types.CodeType, resolve: Callable[[types.CodeType], types.CodeType]) -> types.CodeType | None:
        """Return a stub for ``code`` that asks ``resolve`` what to run; None where it cannot be given one."""
        cells = len(code.co_freevars)
        before = len({*code.co_varnames, *code.co_cellvars}) if cells else 0  # what a frame keeps before its closure
        shape = code.co_argcount, code.co_kwonlyargcount, code.co_flags & _KINDS, cells, before
        if shape not in self._templates:
            try:
                self._templates[shape] = _template(*shape)
            except Exception:  # the library does not know this Python's instructions well enough
                self._templates[shape] = None
        template = self._templates[shape]
        if template is None:
            return None
        documentation = code.co_consts[0] if code.co_consts and isinstance(code.co_consts[0], str) else None
        constants = template.constants(code.co_varnames, documentation)
        for index, const in enumerate(constants):
            if const is _DEFERRED:
                # Those who look for names or inner code in constants find the original; it is the last but one.
                constants[index] = deferred = Deferred(code, resolve)
        return template.code.replace(
            co_posonlyargcount=code.co_posonlyargcount,
            co_nlocals=code.co_nlocals,
            co_varnames=code.co_varnames,
            co_cellvars=code.co_cellvars,
            co_freevars=code.co_freevars,
            co_names=code.co_names,
            co_consts=(*constants, code, deferred),
            co_flags=code.co_flags,
            co_filename=code.co_filename,
            co_name=code.co_name,
            co_qualname=code.co_qualname,
            co_firstlineno=code.co_firstlineno,
        )


_DEFERRED = Deferred(itself.__code__, itself)
"""Holds the place of the constant in a template."""


def _template(arguments: int, keywords: int, kinds: int, cells: int, before: int) -> _Template:
    """Compile a stub for functions with so many ``arguments`` by position and ``keywords``, and so many closure
    variables, which come after ``before`` others."""
    positional = [f"a{number:02}" for number in range(arguments)]
    named = [f"k{number:02}" for number in range(keywords)]
    variables = [f"c{number:02}" for number in range(cells)]
    rest = ["args"] if kinds & inspect.CO_VARARGS else []
    others = ["kwargs"] if kinds & inspect.CO_VARKEYWORDS else []
    star = [f"*{name}" for name in rest]
    parameters = [*positional, *(star or (["*"] if named else [])), *named, *(f"**{name}" for name in others)]
    passed = [*positional, *star, *(f"{name}={name}" for name in named), *(f"**{name}" for name in others)]
    count = len(positional) + len(named) + len(rest) + len(others)
    spare = [f"x{number:02}" for number in range(before - count)]
    asked = f"lambda: ({', '.join(variables)},)" if variables else ""
    source = (
        f"def outer({', '.join(variables)}):\n"
        f" def stub({', '.join(parameters)}):\n"
        f"  'documentation'\n"
        f"  try: return deferred({asked})({', '.join(passed)})\n"
        f"  except:\n"
        f"   take_out()\n"
        f"   raise\n"
        f"  {' = '.join([*spare, '0'])}\n"
        f" return stub\n"
    )
    namespace: dict[str, Any] = {}
    exec(compile(source, "<stub>", "exec"), namespace)
    compiled = namespace["outer"](*variables).__code__
    stub = Bytecode.from_code(compiled, conserve_exception_block_stackdepth=True)
    stub.argnames = list(compiled.co_varnames)  # or the library renumbers the local variables
    listed: list[Any] = list(stub)
    call = next(index for index, entry in enumerate(listed) if getattr(entry, "name", "") == "RETURN_VALUE")
    while getattr(listed[call], "name", "") not in _CALLS:
        call -= 1
    while getattr(listed[call - 1], "name", "") in _BEFORE_CALL:
        call -= 1
    output: list[Any] = []
    for index, entry in enumerate(listed):
        if index == call:
            output += [Instr("DELETE_FAST", name) for name in compiled.co_varnames[:count]]
        name = getattr(entry, "name", "")
        if name == "LOAD_GLOBAL":
            load = Instr("LOAD_CONST", _DEFERRED if entry.arg[1] == "deferred" else take_out)
            output += [load, Instr("PUSH_NULL")] if PY313 else [Instr("PUSH_NULL"), load]
        elif name in _OWNED and not hasattr(entry.arg, "name"):
            output.append(Instr(_OWNED[name], entry.arg))
        else:
            output.append(entry)
    stub[:] = output
    code = stub.to_code(stacksize=compiled.co_stacksize + 2, compute_exception_stack_depths=False)
    units = len(code.co_code) // 2
    lines = bytes([_NO_LINES | 7]) * (units // 8) + (bytes([_NO_LINES | units % 8 - 1]) if units % 8 else b"")
    renamed = {name: number for number, name in enumerate(compiled.co_varnames[:count])}
    return _Template(code.replace(co_linetable=lines), renamed)
