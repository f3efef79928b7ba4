"""The one place of module-level mutable state: what rewritten code and the hooks of the session share."""

from __future__ import annotations


class State:
    """Session state; see :data:`STATE`."""

    __slots__ = ("extra_strategies",)

    def __init__(self) -> None:
        self.extra_strategies: list[str] = []


STATE = State()
