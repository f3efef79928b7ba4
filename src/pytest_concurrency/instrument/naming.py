"""Which of several functions of one name a code object belongs to: a property's getter and setter, two lambdas."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

from .callers import inner


@dataclass(slots=True)
class Names:
    """The code objects in scope by module and name, code within code included.

    A code object has a number among those of its name, by its place in the source: known before anything is rewritten,
    and the same whatever is called first.
    """

    _codes: dict[tuple[str, str], list[types.CodeType]] = field(default_factory=dict)
    _known: set[int] = field(default_factory=set)
    _alike: set[tuple[str, str]] = field(default_factory=set)
    _numbers: dict[int, int] = field(default_factory=dict)
    _owners: dict[int, types.CodeType] = field(default_factory=dict)

    def add(self, module: str, code: types.CodeType) -> bool:
        """Take up ``code`` of a function of ``module``, those of outer functions first; say whether it is new."""
        if id(code) in self._known:
            return False
        for each in inner(code):
            if id(each) in self._known:
                continue
            self._known.add(id(each))
            if each is not code:
                self._owners[id(each)] = code
            name = module, each.co_qualname
            alike = self._codes.setdefault(name, [])
            alike.append(each)
            if len(alike) > 1:
                self._alike.add(name)
        return True

    def number(self) -> Iterator[types.CodeType]:
        """Number those that share a name; yield what has got another number than before."""
        for name in self._alike:
            for number, code in enumerate(_in_order(self._codes[name]), 1):
                if self._numbers.get(id(code), 1) != number:
                    self._numbers[id(code)] = number
                    yield code
        self._alike.clear()

    def number_of(self, code: types.CodeType) -> int:
        """Return the number of ``code``, from 1."""
        return self._numbers.get(id(code), 1)

    def owner(self, code: types.CodeType) -> types.CodeType:
        """Return the outermost code that holds ``code``; itself, where there is none."""
        return self._owners.get(id(code), code)


def _in_order(codes: Iterable[types.CodeType]) -> Iterator[types.CodeType]:
    for _, tied in groupby(sorted(codes, key=_line), key=_line):
        first, *others = tied
        yield from sorted((first, *others), key=_place) if others else (first,)


def _line(code: types.CodeType) -> tuple[str, int]:
    return code.co_filename, code.co_firstlineno


def _place(code: types.CodeType) -> tuple[object, ...]:
    positions = tuple(tuple(-1 if each is None else each for each in place) for place in code.co_positions())
    return positions, code.co_code, code.co_names, code.co_varnames
