"""Attributes of the library that are replaced while schedules of processes are explored."""

from __future__ import annotations

import types
from typing import Any

_MISSING = object()


class Patches:
    """Replaces attributes of modules and classes, and puts them back."""

    def __init__(self) -> None:
        self._before: list[tuple[Any, str, Any]] = []
        self._replaced: dict[int, tuple[Any, Any]] = {}

    def set(self, owner: Any, name: str, value: Any) -> None:
        """Replace ``name`` of ``owner``, whether it is its own or inherited."""
        before = vars(owner).get(name, _MISSING)
        self._before.append((owner, name, before))
        if isinstance(owner, types.ModuleType):
            self._replaced.setdefault(id(value), (value, before))
        setattr(owner, name, value)

    def undo(self) -> None:
        """Put everything back, the newest replacement first."""
        while self._before:
            owner, name, before = self._before.pop()
            if before is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, before)

    def let_go(self, namespace: dict[str, Any]) -> None:
        """Put the originals where a module that was imported meanwhile has bound replacements: ``from os import
        replace``."""
        for name, value in list(namespace.items()):
            if id(value) in self._replaced:
                namespace[name] = self._replaced[id(value)][1]
