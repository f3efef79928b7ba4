"""A shared location: what one run knows of it, and how to look at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from .values import ATOMS

if TYPE_CHECKING:
    from ..instrument.sites import Site
    from .worker import Tag, Worker


class Written(NamedTuple):
    """A worker's last write: the version that it made, and of the value what keeps nothing alive."""

    version: int
    site: Site
    step: int
    worker: Worker
    value: Any
    """Where it is an atom, else its identity."""
    is_atom: bool

    def is_of(self, value: Any) -> bool:
        """Say whether ``value`` is the one that was written."""
        if (type(value) in ATOMS) is not self.is_atom:
            return False
        if not self.is_atom:
            return bool(id(value) == self.value)
        return type(value) is type(self.value) and bool(value == self.value)


class Location:
    """What is known of one shared location in one run.

    ``accesses`` has the visits (from 1) of a worker to a site, by the site, the tag that says who it was and under
    which locks, and the part of the location that was accessed: a container's item, or None for all of it.
    """

    __slots__ = ("accesses", "last", "streak", "version", "writer")

    def __init__(self) -> None:
        self.version = 0
        self.writer = -1  # the worker that wrote last, and the first version of its unbroken run of writes
        self.streak = 0
        self.last: dict[int, tuple[int, Site, int, Worker, Any, bool]] = {}  # see Written, which takes longer to make
        self.accesses: dict[tuple[Site, Tag, Any], list[int]] = {}


@dataclass(frozen=True, slots=True)
class View:
    """How to look at one kind of location: its value, and its name for a reader; both get the same two operands."""

    peek: Callable[[Any, Any], Any]
    target: Callable[[Any, Any], str]
