"""Every order once: depth-first through the tree of choices, close to the default order first.

Stateless model checking in its plainest form, after Godefroid: Model Checking for Programming Languages using VeriSoft
(POPL 1997). For programs with few choices, and only where the same choices lead to the same choices again.
"""

from __future__ import annotations

from collections.abc import Sequence

from .base import Candidate


class _Node:
    __slots__ = ("children", "complete", "width")

    def __init__(self) -> None:
        self.width = 0
        self.children: dict[int, _Node] = {}
        self.complete = False

    def close(self) -> None:
        """Note that it is complete, if it is."""
        done = sum(child.complete for child in self.children.values())
        self.complete = done >= self.width


class EveryOrder:
    """Takes the first choice that is not explored yet at each decision; :meth:`learn` is told of every run."""

    name = "every order"
    sites: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self._root = _Node()
        self._at = self._root

    @property
    def exhausted(self) -> bool:
        """Whether every order has been run."""
        return self._root.complete

    def begin(self, number: int) -> None:
        self._at = self._root

    def pick(
        self, enabled: Sequence[Candidate], current: Candidate | None, step: int, left: Candidate | None = None
    ) -> Candidate:
        node = self._at
        open_ones = (i for i in range(len(enabled)) if i not in node.children or not node.children[i].complete)
        index = next(open_ones, 0)
        self._at = node.children.get(index) or _Node()
        return enabled[index]

    def quiet_until(self, step: int) -> int:
        return 0

    def learn(self, decisions: Sequence[tuple[int, int]]) -> None:
        """Note a run by its decisions: how many could go on, and the index of the one that did."""
        path = [self._root]
        for width, index in decisions:
            node = path[-1]
            node.width = max(node.width, width)
            path.append(node.children.setdefault(index, _Node()))
        path[-1].complete = path[-1].width == 0
        for node in reversed(path[:-1]):
            node.close()
