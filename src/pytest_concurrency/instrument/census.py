"""The functions that are alive, divided by what is done with them: counted anew, or from where the last count ended.

To look at every object that the garbage collector knows costs more than most tests do. As long as the collector has
made no object old, and nobody has frozen any, what came into being since the last count is young; the rest was counted
then. Functions are held weakly in between.
"""

from __future__ import annotations

import gc
import sys
import types
from collections.abc import Iterable
from dataclasses import dataclass
from weakref import ref

from ..interpreter import FREE_THREADED
from .scope import Area, Chooser, Divided, ordinary_functions, young_functions

_Held = tuple[ref[types.FunctionType], ...]
_AGEING = slice(1, None) if sys.version_info < (3, 14) else slice(None)
"""The generations of the collector after whose collection an object may be old; 3.14 has but a young and an old one."""


@dataclass(frozen=True, slots=True)
class _Count:
    mark: tuple[Area, tuple[int, int]]
    mine: _Held
    made: _Held
    locks: _Held


class Census:
    """Counts the functions of a session for choosers that differ in their areas only."""

    def __init__(self) -> None:
        self._last: _Count | None = None

    def take(self, chooser: Chooser) -> tuple[list[types.FunctionType], Divided]:
        """Return the functions that were looked at, all or those that are new, and all that are alive, divided."""
        mark = chooser.area, ageings()
        last = None if FREE_THREADED or self._last is None or self._last.mark != mark else self._last
        if last is None:
            looked = ordinary_functions()
            divided = chooser.divide(looked)
        else:
            mine = _alive(last.mine)
            looked = young_functions()
            new = chooser.divide(looked, {id(function.__globals__) for function in mine})
            divided = Divided(
                _joined(mine, new.mine),
                _joined(_alive(last.made), new.made),
                _joined(_alive(last.locks), new.library),
            )
        self._last = _Count(mark, _held(divided.mine), _held(divided.made), _held(divided.library))
        return looked, divided


def ageings() -> tuple[int, int]:
    """Return how often the collector may have made young objects old, and how many objects are frozen."""
    return sum(generation["collections"] for generation in gc.get_stats()[_AGEING]), gc.get_freeze_count()


def _held(functions: Iterable[types.FunctionType]) -> _Held:
    return tuple(map(ref, functions))


def _alive(held: _Held) -> list[types.FunctionType]:
    return [function for each in held if (function := each()) is not None]


def _joined(old: Iterable[types.FunctionType], new: Iterable[types.FunctionType]) -> list[types.FunctionType]:
    """Return both, each function once: one that was young at the last count may be so still."""
    return list({id(function): function for function in (*old, *new)}.values())
