"""What rewritten code calls before it touches what workers may share."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

Hook = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Hooks:
    """What rewritten code calls. Every hook gets the operands of the instruction, then the :class:`Site`."""

    read_global: Hook
    write_global: Hook
    read_attr: Hook
    write_attr: Hook
    read_cell: Hook
    write_cell: Hook
    read_item: Hook
    write_item: Hook
    read_whole: Hook
    write_whole: Hook
    delete_item: Hook
    iterate: Hook
    read_position: Hook
    method: Hook
    enter: Hook
    call: Hook
    substitute: Hook
    step: Hook
    look: Callable[[int], object] = int
    """Called with the level of a function that looks beyond its caller (see :mod:`.callers`), before it does."""
    settle: Callable[[Any, None], Any] = lambda owner, _: owner
    """Called with an object whose code is asked for, before it is; gives it back."""
    called: Hook = lambda *_: None
    """Called with what is about to be called, where its arguments are on the stack already."""
    operate: Hook = lambda *_: None
    """Called with the two operands of an operator."""
    look_over: Hook = lambda *_: None
    """Called with an object that code in C goes through: to format it, or to hand its items on as arguments."""
    by_super: Hook = lambda *_: None
    """Called with the class and the object of a ``super()`` whose method is about to be called."""
    loaded: Hook = lambda obj, _: obj
    """Called with an object a method of which is loaded, to be called later; gives what stands in for it."""
    aside: Callable[[], AbstractContextManager[object]] = nullcontext
    """Not called by rewritten code: within it, hooks do not take the calling thread for a worker."""
