"""The containers that iterators of C code read: ``chain(a, b)``, ``enumerate(iter(d))``, ``zip(x, y)`` and the like."""

from __future__ import annotations

import gc
import itertools
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

_EXAMPLES: tuple[Any, ...] = (
    {}.keys(), {}.values(), {}.items(),
    iter([]), iter({}), iter({}.values()), iter({}.items()), iter(set()), iter(deque()), iter(bytearray()),
    reversed([]), reversed({}), reversed({}.values()), reversed({}.items()), reversed(deque()),
    iter(OrderedDict[Any, Any]()), reversed(OrderedDict[Any, Any]()),
)  # fmt: skip
_OVER_ONE = tuple(type(example) for example in _EXAMPLES)
"""Views and iterators of one container, which is among what they refer to."""
_OVER_FIRST = (enumerate, zip, map, filter, itertools.islice, itertools.takewhile, itertools.dropwhile)
"""Iterators over iterators; the first thing that they refer to is one, or a tuple of them."""
_WRAPPERS = frozenset((*_OVER_FIRST, itertools.chain, type(iter(()))))
KNOWN = frozenset((*_OVER_ONE, *_OVER_FIRST, itertools.chain))
"""The types of iterators for which it is known what they read."""
_DEPTH = 4
_WIDTH = 16


def containers_behind(iterator: Any, is_container: Callable[[type], int]) -> tuple[Any, ...]:
    """Return the containers that ``iterator`` takes its next items from, none where that is not known.

    Only its own C structure is looked at: no code of the program runs.
    """
    found: list[Any] = []
    if type(iterator) in KNOWN:
        _collect(iterator, is_container, found, _DEPTH)
    return tuple(found)


def _collect(obj: Any, is_container: Callable[[type], int], found: list[Any], depth: int) -> None:
    cls = type(obj)
    if cls in _OVER_ONE:
        found += (held for held in gc.get_referents(obj) if is_container(type(held)) and not _in(held, found))
    elif depth and (cls is tuple or cls in _WRAPPERS):
        referents = [held for held in gc.get_referents(obj) if held is not cls]
        if cls in _OVER_FIRST:
            referents = referents[:1]
        if len(referents) <= _WIDTH:
            for held in referents:
                if is_container(type(held)):
                    if not _in(held, found):
                        found.append(held)
                else:
                    _collect(held, is_container, found, depth - 1)


def _in(obj: Any, found: list[Any]) -> bool:
    return any(obj is known for known in found)
