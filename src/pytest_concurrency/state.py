"""The one place of module-level mutable state: what rewritten code and the running execution share.

Rewritten code holds hooks as constants; a hook finds the execution of the moment here. ``ident`` is the thread
identifier of the worker that holds the baton, 0 while nothing is controlled.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType

    from .hazards import Hazard
    from .instrument.sites import Site
    from .runtime.execution import Execution
    from .runtime.worker import Worker
    from .strategies.base import Strategy
    from .watch.watch import Watch


Place: TypeAlias = "tuple[int, int, str, str]"
"""The identity of the code that calls a builtin (to hash the code itself takes long), where it does (``f_lasti``),
and the action and target of the call."""


class Places:
    """The sites of builtins that look at shared state, made when they are first called; forgotten with each test, so
    that they count alike whatever ran before. They keep the code alive that calls them."""

    __slots__ = ("_codes", "_ordinals", "_sites")

    def __init__(self) -> None:
        self._sites: dict[Place, Site] = {}
        self._ordinals: dict[tuple[int, str, str], int] = {}
        self._codes: dict[int, CodeType] = {}

    def get(self, place: Place) -> Site | None:
        """Return the site of ``place``, or None."""
        return self._sites.get(place)

    def add(self, place: Place, code: CodeType, make: Callable[[int], Site]) -> Site:
        """Make the site of ``place`` in ``code`` by calling ``make`` with its ordinal among those alike there."""
        alike = place[0], place[2], place[3]
        self._codes[place[0]] = code
        ordinal = self._ordinals[alike] = self._ordinals.get(alike, -1) + 1
        site = self._sites[place] = make(ordinal)
        return site

    def sites(self) -> Iterable[Site]:
        """Return all of them."""
        return self._sites.values()

    def __len__(self) -> int:
        return len(self._sites)

    def clear(self) -> None:
        """Forget them."""
        self._sites.clear()
        self._ordinals.clear()
        self._codes.clear()


class ToldPlaces:
    """The places that worker processes have told of: those forked later inherit them, and tell of one by its number.

    ``known`` are places by what they follow from, ``numbered`` those with a number.
    """

    __slots__ = ("known", "numbered")

    def __init__(self) -> None:
        self.known: dict[Any, Any] = {}
        self.numbered: list[Any] = []

    def clear(self) -> None:
        """Forget them."""
        self.known.clear()
        self.numbered.clear()


class State:
    """Session state; see :data:`STATE`."""

    __slots__ = (
        "early", "exposed", "extra_hazards", "extra_strategies", "fork_hooked", "hearing", "ident", "left",
        "own_processes", "places", "root", "run", "told", "watch", "worker",
    )  # fmt: skip

    def __init__(self) -> None:
        self.ident = 0
        self.run: Execution = None  # type: ignore[assignment]
        self.worker: Worker = None  # type: ignore[assignment]
        self.places = Places()
        self.exposed: set[tuple[str, str]] = set()  # module and name of classes an instance of which was asked for its
        # __dict__ in this test
        self.left: dict[int, int] = {}  # threads that were let go, see runtime/leftovers.py
        self.told: ToldPlaces = ToldPlaces()
        self.hearing: dict[int, list[CodeType]] = {}  # by thread, see instrument/deferred.py
        self.extra_strategies: dict[str, Callable[[int], Strategy]] = {}  # by other plugins, for this session
        self.extra_hazards: dict[str, Hazard] = {}
        self.early: dict[int, int] = {}  # by identifier, the threads (their ids) that were there before any test
        self.own_processes: set[int] = set()  # ids of the worker processes of greenlet tests
        self.root = ""  # of the project, in the worker process of greenlet tests
        self.watch: Watch | None = None  # the watch over the body that is running in this process
        self.fork_hooked = False  # os.register_at_fork cannot be undone: done once, idle without a watch


STATE = State()


def note_early_threads() -> None:
    """Note the threads that there are before tests are collected: they serve pytest's plugins."""
    STATE.early = {ident: id(thread) for ident, thread in threading._active.items()}  # type: ignore[attr-defined]
