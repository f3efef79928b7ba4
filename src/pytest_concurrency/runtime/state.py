"""The one place of module-level mutable state: what rewritten code and the hooks of the session share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..watch.watch import Watch


class State:
    """Session state; see :data:`STATE`."""

    __slots__ = ("extra_strategies", "fork_hooked", "watch")

    def __init__(self) -> None:
        self.extra_strategies: list[str] = []
        self.watch: Watch | None = None  # the watch over the body that is running in this process
        self.fork_hooked = False  # os.register_at_fork cannot be undone: done once, idle without a watch


STATE = State()
