"""``ExitStack.enter_context``, which looks ``__enter__`` up on the type of a lock, where it could not be taken over."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from ..instrument.sites import Site
from ..instrument.vocabulary import ENTER_CONTEXT
from .locks import LOCK_TYPES, ControlledLock, current_worker


def is_stack(cls: type) -> bool:
    """Say whether objects of ``cls`` enter context managers as the library's stacks do."""
    return getattr(cls, ENTER_CONTEXT, None) is ExitStack.enter_context


class ControlledExitStack:
    """Stands in for a stack in one call of ``enter_context``: a lock is taken, and in the end released, as by a
    ``with`` statement."""

    __slots__ = ("_site", "_stack")

    def __init__(self, stack: Any, site: Site) -> None:
        self._stack = stack
        self._site = site

    def enter_context(self, cm: Any) -> Any:
        if type(cm) not in LOCK_TYPES or current_worker() is None:
            return self._stack.enter_context(cm)
        lock = ControlledLock(cm, self._site)
        entered = lock.__enter__()
        self._stack.push(lock)
        return entered
