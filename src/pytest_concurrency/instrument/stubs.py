"""Stubs: code objects that stand in for a function's code until it is first called (see :mod:`.deferred`).

A stub has the signature, names and place of the original, for all who ask a function that is not running, but no line
table: nothing that traces lines sees it. It gives its arguments away before the call, so that they live no longer than
in a direct one: it takes them out of a list, which is in the place of one of them.
"""

from __future__ import annotations

import inspect
import types
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .deferred import Deferred, take_out
from .opcodes import PY312

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


_DOCUMENTATION, _DEFERRED = "documentation", "deferred"
_CALLED: dict[object, object] = {"take": list.pop, "take_out": take_out}
"""What takes the place of strings that a template calls: the globals of a stub are the function's, and code from the
compiler can have nothing else for constants."""


@dataclass(frozen=True, slots=True)
class _Template:
    """A stub of one shape. Of its ``constants`` those at ``documentation`` and ``deferred`` are to be replaced, and so
    are those in ``named``: names of parameters by their numbers, of one or of the keywords of a call."""

    code: types.CodeType
    constants: tuple[object, ...]
    documentation: int
    deferred: int
    named: tuple[tuple[int, int | tuple[int, ...]], ...]

    @classmethod
    def of(cls, code: types.CodeType, names: Sequence[str]) -> _Template:
        """Return the template with this ``code``, whose parameters are called ``names``."""
        numbers: dict[object, int] = {name: number for number, name in enumerate(names)}
        constants = tuple(_CALLED.get(const, const) for const in code.co_consts)
        named = [
            (index, tuple(numbers[name] for name in const) if type(const) is tuple else numbers[const])
            for index, const in enumerate(constants)
            if type(const) is tuple or const in numbers
        ]
        return cls(code, constants, constants.index(_DOCUMENTATION), constants.index(_DEFERRED), tuple(named))

    def filled(self, names: tuple[str, ...], documentation: object, deferred: Deferred) -> list[object]:
        """Return the constants of a stub whose parameters have ``names``."""
        constants = list(self.constants)
        constants[self.documentation], constants[self.deferred] = documentation, deferred
        for index, number in self.named:
            constants[index] = names[number] if isinstance(number, int) else tuple(names[each] for each in number)
        return constants


@dataclass(slots=True)
class Stubs:
    """Makes stubs; one template for each shape of signature is compiled."""

    _templates: dict[Shape, _Template] = field(default_factory=dict)

    def make(self, code: types.CodeType, resolve: Callable[[types.CodeType], types.CodeType]) -> types.CodeType:
        """Return a stub for ``code`` that asks ``resolve`` what to run."""
        cells = len(code.co_freevars)
        before = len({*code.co_varnames, *code.co_cellvars}) if cells else 0  # what a frame keeps before its closure
        shape = code.co_argcount, code.co_kwonlyargcount, code.co_flags & _KINDS, cells, before
        template = self._templates.get(shape)
        if template is None:
            template = self._templates[shape] = _template(*shape)
        documentation = code.co_consts[0] if code.co_consts and isinstance(code.co_consts[0], str) else None
        deferred = Deferred(code, resolve)
        return template.code.replace(
            co_posonlyargcount=code.co_posonlyargcount,
            co_nlocals=code.co_nlocals,
            co_varnames=code.co_varnames,
            co_cellvars=code.co_cellvars,
            co_freevars=code.co_freevars,
            co_names=code.co_names,
            # Those who look for names or inner code in constants find the original; it is the last but one.
            co_consts=(*template.filled(code.co_varnames, documentation, deferred), code, deferred),
            co_flags=code.co_flags,
            co_filename=code.co_filename,
            co_name=code.co_name,
            co_qualname=code.co_qualname,
            co_firstlineno=code.co_firstlineno,
        )


def _template(arguments: int, keywords: int, kinds: int, cells: int, before: int) -> _Template:
    """Make a stub for functions with so many ``arguments`` by position and ``keywords``, and so many closure
    variables, which come after ``before`` others."""
    positional = [f"a{number:02}" for number in range(arguments)]
    named = [f"k{number:02}" for number in range(keywords)]
    rest = ["args"] if kinds & inspect.CO_VARARGS else []
    others = ["kwargs"] if kinds & inspect.CO_VARKEYWORDS else []
    variables = ", ".join(f"c{number:02}" for number in range(cells))
    names = [*positional, *named, *rest, *others]
    spare = [f"x{number:02}" for number in range(before - len(names))]
    star = [f"*{name}" for name in rest] or (["*"] if named else [])
    parameters = [*positional, *star, *named, *(f"**{name}" for name in others)]
    passed = [(name, "") for name in positional]
    passed += [(name, "*") for name in rest]
    passed += [(name, f"{name}=") for name in named]
    passed += [(name, "**") for name in others]
    giving = [f"{names[0]} = [{', '.join(name for name, _ in reversed(passed))}]"] if names else []
    giving += [f"del {', '.join(names[1:])}"] if names[1:] else []
    given = [f"{how}'take'({names[0]})" for _, how in passed]
    asked = f"lambda: ({variables},)" if cells else ""
    source = (
        f"def outer({variables}):\n"
        f" def stub({', '.join(parameters)}):\n"
        f"  '{_DOCUMENTATION}'\n"
        f"  try:\n"
        f"   {'; '.join([*giving, ''])}return '{_DEFERRED}'({asked})({', '.join(given)})\n"
        f"  except:\n"
        f"   'take_out'()\n"
        f"   raise\n"
        f"  {' = '.join([*spare, '0'])}\n"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # a string is not callable
        module = compile(source, "<stub>", "exec")
    (made,) = (const for const in module.co_consts if isinstance(const, types.CodeType))
    (code,) = (const for const in made.co_consts if isinstance(const, types.CodeType))
    units = len(code.co_code) // 2
    lines = bytes([_NO_LINES | 7]) * (units // 8) + (bytes([_NO_LINES | units % 8 - 1]) if units % 8 else b"")
    return _Template.of(code.replace(co_linetable=lines), names)
