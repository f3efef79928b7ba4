"""The one place of module-level mutable state: what rewritten code and the running execution share.

Rewritten code holds hooks as constants; a hook finds the execution of the moment here. ``ident`` is the thread
identifier of the worker that holds the baton, 0 while nothing is controlled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

    from ..hazards import Hazard
    from ..instrument.sites import Site
    from ..strategies.base import Strategy
    from ..watch.watch import Watch
    from .execution import Execution
    from .worker import Worker


class State:
    """Session state; see :data:`STATE`."""

    __slots__ = ("extra_hazards", "extra_strategies", "fork_hooked", "ident", "places", "run", "watch", "worker")

    def __init__(self) -> None:
        self.ident = 0
        self.run: Execution = None  # type: ignore[assignment]
        self.worker: Worker = None  # type: ignore[assignment]
        self.places: dict[tuple[CodeType, int, str, str], Site] = {}  # of builtins that look at shared state
        self.extra_strategies: dict[str, Callable[[int], Strategy]] = {}  # by other plugins, for this session
        self.extra_hazards: dict[str, Hazard] = {}
        self.watch: Watch | None = None  # the watch over the body that is running in this process
        self.fork_hooked = False  # os.register_at_fork cannot be undone: done once, idle without a watch


STATE = State()
