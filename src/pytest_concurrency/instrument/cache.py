"""What is known of code objects, kept for a session: their rewritten forms, their stubs, what they look at and hold."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .callers import inner, looks
from .rewrite import Rewritten, Scope, synchronises
from .stubs import Stubs, can_wait


@dataclass(slots=True)
class Cache:
    """Rewritten code by original code and scope; lives as long as the session. Keys keep their code alive.

    ``known`` are the identities of the code that was rewritten, ``levels`` say how far code looks at its callers,
    ``locks`` whether code of the library has anything to take over, by the names that count there,
    ``audit`` is the code of audit hooks, which runs as it is, ``resolver`` is asked by stubs what to run, and
    ``watcher`` is told by code that looks beyond its caller how far, before it does.
    """

    entries: dict[tuple[int, Scope, tuple[int, ...]], Rewritten] = field(default_factory=dict)
    originals: dict[int, types.CodeType] = field(default_factory=dict)
    known: set[int] = field(default_factory=set)
    levels: dict[int, tuple[types.CodeType, int]] = field(default_factory=dict)
    locks: dict[tuple[int, frozenset[str]], tuple[types.CodeType, bool]] = field(default_factory=dict)
    audit: dict[int, types.CodeType] = field(default_factory=dict)
    resolver: Callable[[types.CodeType], types.CodeType] | None = None
    watcher: Callable[[int], None] | None = None
    _stubs: dict[int, types.CodeType] = field(default_factory=dict)
    _maker: Stubs = field(default_factory=Stubs)

    def by_replacement(self, code: types.CodeType) -> types.CodeType | None:
        """Return the original for which ``code`` stands in, or None."""
        return self.originals.get(id(code))

    def stub(self, code: types.CodeType) -> types.CodeType | None:
        """Return a stub for ``code``, or None where it cannot be given one. A stub keeps its code alive."""
        stub = self._stubs.get(id(code))
        if stub is None and can_wait(code):
            stub = self._stubs[id(code)] = self._maker.make(code, self._resolve)
            self.originals[id(stub)] = code
        return stub

    def level(self, code: types.CodeType, names: Mapping[str, str]) -> int:
        """Return how far ``code`` looks, in a module with these :func:`aliases`."""
        known = self.levels.get(id(code))
        if known is None:
            known = self.levels[id(code)] = code, looks(inner(code), names)
        return known[1]

    def synchronises(self, code: types.CodeType, names: frozenset[str], announced: frozenset[str]) -> bool:
        """Return whether ``code`` of the library may hold anything to take over."""
        known = self.locks.get((id(code), names))
        if known is None:
            found = any(synchronises(each, names, announced) for each in inner(code))
            known = self.locks[id(code), names] = code, found
        return known[1]

    def look(self, level: int) -> None:
        """Take note that the calling function, rewritten code, may look as far as ``level``."""
        if self.watcher is not None:
            self.watcher(level)

    def _resolve(self, code: types.CodeType) -> types.CodeType:
        return code if self.resolver is None else self.resolver(code)
