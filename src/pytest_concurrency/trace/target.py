"""What an operation is on, taken apart: rows have it as a reader would write it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """The parts of ``dict['k']`` (``base`` and ``item``), ``dict.pop`` and ``Account.total`` (``base`` and ``member``)
    and ``heappop(list)`` (``function`` and ``base``). The others are empty; an item is so for ``list[]`` only, which
    ``has_item``."""

    base: str
    item: str = ""
    member: str = ""
    function: str = ""
    has_item: bool = False


def parts_of(target: str) -> Target:
    """Return the parts of ``target``."""
    before, bracket, item = target.partition("[")
    function, parenthesis, handed = target.partition("(")
    if bracket and len(before) < len(function):
        return Target(before, item=item.removesuffix("]"), has_item=True)
    if parenthesis:
        return Target(handed.partition(")")[0], function=function)
    base, _, member = target.partition(".")
    return Target(base, member=member)
