"""Attributes of the library that are replaced while schedules of processes are explored."""

from __future__ import annotations

import types
from typing import Any

from ....watch import patching


class Patches(patching.Patches):
    """Knows what it has put into modules, too: others may have bound that to names of their own."""

    def __init__(self) -> None:
        super().__init__()
        self._replaced: dict[int, tuple[Any, Any]] = {}

    def set(self, owner: Any, name: str, value: Any) -> None:
        """Replace ``name`` of ``owner``, whether it is its own or inherited."""
        if isinstance(owner, types.ModuleType):
            self._replaced.setdefault(id(value), (value, getattr(owner, name)))
        super().set(owner, name, value)

    def let_go(self, namespace: dict[str, Any]) -> None:
        """Put the originals where a module that was imported meanwhile has bound replacements: ``from os import
        replace``."""
        for name, value in list(namespace.items()):
            if id(value) in self._replaced:
                namespace[name] = self._replaced[id(value)][1]
