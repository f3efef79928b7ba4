"""The hook before a loop, which announces each of its steps."""

from __future__ import annotations

from _thread import get_ident
from typing import Any

from ...instrument.sites import Site
from ...state import STATE
from ..containers import container_kind
from ..control import mine
from ..iterators import containers_behind
from .containers import container_of, read_whole


def iterate(obj: Any, site: Site) -> Any:
    if site.off or (get_ident() != STATE.ident and not mine()):
        return obj
    container = container_of(obj, site)
    containers: tuple[Any, ...] = (container,)
    if container is None:
        if STATE.run.precise is not None:
            STATE.run.precise.met(STATE.worker, obj)
        containers = containers_behind(obj, container_kind)
        if not containers:
            return obj
    for container in containers:
        read_whole(container, site)
    if STATE.run.observing and not site.seen:
        return obj
    return _Steps(obj, containers, site)


class _Steps:
    """An iterable that announces a read of its containers before each step."""

    __slots__ = ("_containers", "_iterable", "_site")

    def __init__(self, iterable: Any, containers: tuple[Any, ...], site: Site) -> None:
        self._iterable = iterable
        self._containers = containers
        self._site = site

    def __iter__(self) -> Any:
        step = iter(self._iterable).__next__
        containers, site = self._containers, self._site
        while True:
            try:
                yield step()  # no variable holds the value: it may die during the loop's body
            except StopIteration:
                return
            for container in containers:
                read_whole(container, site)

    def __len__(self) -> int:
        return len(self._iterable)

    def __reversed__(self) -> Any:
        return reversed(self._iterable)

    def __contains__(self, item: Any) -> bool:
        return item in self._iterable

    def __getattr__(self, name: str) -> Any:
        return getattr(self._iterable, name)
