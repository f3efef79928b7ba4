"""What objects are called in lanes and steps, those of one name told apart: the accounts of a transfer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ..detect.called import called, is_method
from ..trace.locks import ACTIONS
from ..trace.outcome import Row

_TARGET = re.compile(r"(?P<function>\w+\()?(?P<name>[\w.]+)")
"""The beginning of a target: the class of an object, a kind or the name of a container, a variable's name."""
_OF_THREADS = frozenset({"Thread", "Timer"})
"""What is only started and joined: the lanes have a column for each."""


def told_apart(rows: Sequence[Row]) -> list[Row]:
    """Return ``rows`` with targets for a reader: containers by their names in the source, and numbers for objects that
    have the name of another one there, in the order of their appearance. Locks have got theirs already."""
    named = [_Named.of(row) for row in rows]
    met: dict[str, dict[int, int]] = {}
    for each in named:
        if each.name:
            met.setdefault(each.name, {}).setdefault(each.identity, 0)
    several = {name: found for name, found in met.items() if len(found) > 1}
    classes = set(_identities_of_classes(several)) if several else set()
    numbers = {
        (name, identity): number
        for name, found in several.items()
        for number, identity in enumerate((each for each in found if each not in classes), 1)
        if len(found.keys() - classes) > 1
    }
    return [
        replace(row, target=each.target(numbers.get((each.name, each.identity), 0)))
        for row, each in zip(rows, named, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Named:
    """A target in three parts, the middle one the ``name`` of an object; that is empty where it is not known."""

    before: str
    name: str
    after: str
    identity: int = 0

    @classmethod
    def of(cls, row: Row) -> _Named:
        shown = called(row)
        match = _TARGET.match(shown)
        identity = row.location[0] if isinstance(row.location, tuple) else None
        if match is None or row.action in ACTIONS or not isinstance(identity, int):
            return cls(shown, "", "")
        name = match["name"]
        if shown == row.target:
            name = name.partition(".")[0]
        elif is_method(row) and not match["function"]:
            name = name.rpartition(".")[0]
        begin = match.start("name")
        if name in _OF_THREADS:
            return cls(shown, "", "")
        return cls(shown[:begin], name, shown[begin + len(name) :], identity)

    def target(self, number: int) -> str:
        return f"{self.before}{self.name}{f'#{number}' if number else ''}{self.after}"


def _identities_of_classes(names: Iterable[str]) -> Iterator[int]:
    """Yield the identities of classes called like one of ``names``: an attribute may live in the class."""
    wanted = frozenset(names)
    seen: set[int] = set()  # a class may be hashed by code of the program
    waiting: list[type] = [object]
    while waiting:
        subclasses: list[type] = type.__subclasses__(waiting.pop())
        for cls in subclasses:
            if id(cls) not in seen:
                seen.add(id(cls))
                waiting.append(cls)
                if type.__dict__["__name__"].__get__(cls) in wanted:
                    yield id(cls)
