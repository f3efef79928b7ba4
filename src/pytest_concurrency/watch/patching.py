"""Replacing attributes for the time of a watch, and putting every one of them back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_MISSING = object()


class Patches:
    """Attributes that were replaced; :meth:`undo` puts them back, last one first."""

    def __init__(self) -> None:
        self._saved: list[tuple[Any, str, object]] = []

    def set(self, owner: Any, name: str, value: object) -> None:
        """Set ``owner.name`` to ``value`` and remember what was there."""
        self._saved.append((owner, name, vars(owner).get(name, _MISSING)))
        setattr(owner, name, value)

    def wrap(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Replace ``owner.name`` by ``make(original)``; do nothing where there is no such attribute."""
        original = getattr(owner, name, None)
        if original is not None:
            self.set(owner, name, make(original))

    def undo(self) -> None:
        """Put everything back as it was."""
        while self._saved:
            owner, name, value = self._saved.pop()
            if value is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, value)
