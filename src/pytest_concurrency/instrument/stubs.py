"""Stubs: code objects that stand in for a function's code until it is first called (see :mod:`.deferred`).

A stub has the signature, names and place of the original, for all who ask a function that is not running, but no line
table: nothing that traces lines sees it. It gives its arguments away before the call, so that they live no longer than
in a direct one.
"""

from __future__ import annotations

import copy
import inspect
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from bytecode import Bytecode, Instr, SetLineno
from bytecode.instr import UNSET

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
    """Make a stub for functions with so many ``arguments`` by position and ``keywords``, and so many closure
    variables, which come after ``before`` others."""
    positional = [f"a{number:02}" for number in range(arguments)]
    if not (keywords or kinds or cells):
        return _bare().with_arguments(positional)
    named = [f"k{number:02}" for number in range(keywords)]
    variables = [f"c{number:02}" for number in range(cells)]
    rest = ["args"] if kinds & inspect.CO_VARARGS else []
    others = ["kwargs"] if kinds & inspect.CO_VARKEYWORDS else []
    star = [f"*{name}" for name in rest]
    parameters = [*positional, *(star or (["*"] if named else [])), *named, *(f"**{name}" for name in others)]
    passed = [*positional, *star, *(f"{name}={name}" for name in named), *(f"**{name}" for name in others)]
    count = len(positional) + len(named) + len(rest) + len(others)
    return _compiled(parameters, passed, variables, [f"x{number:02}" for number in range(before - count)]).template()


@cache
def _bare() -> _Compiled:
    """Return the stub of a function without parameters. Most others differ from it in a few instructions only, and to
    compile and decode each of them takes longer."""
    return _compiled((), (), (), ())


def _compiled(
    parameters: Sequence[str], passed: Sequence[str], variables: Sequence[str], spare: Sequence[str]
) -> _Compiled:
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
    return _Compiled(namespace["outer"](*variables).__code__)


class _Compiled:
    """A stub as compiled, with what it calls as constants, and no line numbers. It keeps its arguments as long as its
    call lasts, which no stub may; see :meth:`template` and :meth:`with_arguments`."""

    def __init__(self, code: types.CodeType) -> None:
        self._code = code
        self._stub = Bytecode.from_code(code, conserve_exception_block_stackdepth=True)
        self._entries: list[Any] = []
        for entry in self._stub:
            if isinstance(entry, Instr):
                self._entries += self._plain(entry.name, entry.arg)
            elif not isinstance(entry, SetLineno):
                self._entries.append(entry)
        names = [getattr(entry, "name", "") for entry in self._entries]
        call = names.index("RETURN_VALUE")
        while names[call] not in _CALLS:
            call -= 1
        self._after = call + 1
        while names[call - 1] in _BEFORE_CALL:
            call -= 1
        self._call = call

    @staticmethod
    def _plain(name: str, arg: Any) -> list[Instr]:
        if name == "LOAD_GLOBAL":
            load = Instr("LOAD_CONST", _DEFERRED if arg[1] == "deferred" else take_out)
            return [load, Instr("PUSH_NULL")] if PY313 else [Instr("PUSH_NULL"), load]
        if name in _OWNED and not hasattr(arg, "name"):
            name = _OWNED[name]
        return [Instr(name, arg) if arg is not UNSET else Instr(name)]

    def template(self) -> _Template:
        """Return the stub that gives its arguments away before the call."""
        code = self._code
        count = code.co_argcount + code.co_kwonlyargcount + (code.co_flags & _KINDS).bit_count()
        return self._assembled(code.co_varnames, code.co_varnames[:count], [], self._entries[self._call : self._after])

    def with_arguments(self, names: Sequence[str]) -> _Template:
        """Return the same, of a stub that has no parameters, for functions that have these by position."""
        loads = [Instr("LOAD_FAST", name) for name in names]
        calls = [Instr(entry.name, len(names)) for entry in self._entries[self._call : self._after]]
        return self._assembled(names, names, loads, calls)

    def _assembled(
        self, variables: Sequence[str], parameters: Sequence[str], loads: list[Instr], calls: list[Instr]
    ) -> _Template:
        stub = copy.copy(self._stub)
        stub.argnames = list(variables)  # or the library renumbers the local variables
        stub.argcount = max(stub.argcount, len(loads))
        emptied = [Instr("DELETE_FAST", name) for name in parameters]
        stub[:] = [*self._entries[: self._call], *loads, *emptied, *calls, *self._entries[self._after :]]
        depth = self._code.co_stacksize + 2 + len(loads)
        code = stub.to_code(stacksize=depth, compute_exception_stack_depths=False)
        units = len(code.co_code) // 2
        lines = bytes([_NO_LINES | 7]) * (units // 8) + (bytes([_NO_LINES | units % 8 - 1]) if units % 8 else b"")
        renamed = {name: number for number, name in enumerate(parameters)}
        return _Template(code.replace(co_linetable=lines), renamed)
