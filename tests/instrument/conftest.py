"""A small laboratory: a made-up module, instrumented with hooks that only note what they are told."""

from __future__ import annotations

import contextlib
import textwrap
import types
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from pytest_concurrency.instrument.activation import Instrumenter
from pytest_concurrency.instrument.cache import Cache
from pytest_concurrency.instrument.hooks import Hooks
from pytest_concurrency.instrument.scope import Area, Divided
from pytest_concurrency.instrument.sites import Site, Sites


class Laboratory:
    """``events`` is what the hooks were told: (hook, name of the site, operands)."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []
        self.module: dict[str, Any] = {}
        names = [name for name in Hooks.__slots__ if name not in
                 ("iterate", "method", "loaded", "enter", "substitute", "aside")]  # fmt: skip
        self.hooks = Hooks(
            **{name: self._noting(name) for name in names},
            iterate=self._noting("iterate", True),
            method=self._noting("method", True),
            loaded=self._noting("loaded", True),
            enter=self._noting("enter", True),
            substitute=lambda obj, site: {**self.stand_ins, **self.library}.get(id(obj), obj),
        )
        self.stand_ins: dict[int, Any] = {}
        self.library: dict[int, Any] = {}
        self.area = Area("")
        self.is_library = False

    def _noting(self, hook: str, gives_back: bool = False) -> Any:
        def note(*operands: Any) -> Any:
            *values, site = operands
            assert isinstance(site, Site)
            self.events.append((hook, site.name, *values))
            return values[0] if gives_back else None

        return note

    def load(self, source: str, **names: Any) -> dict[str, Any]:
        """Run ``source`` as the module ``subject`` and return its dictionary."""
        self.module = {"__name__": "subject", **names}
        exec(compile(textwrap.dedent(source), "subject.py", "exec"), self.module)
        return self.module

    def divide(self, functions: Iterable[types.FunctionType], own: Any = ()) -> Divided:
        """What is loaded is all of the area, or all of the library."""
        loaded = [function for function in functions if function.__globals__ is self.module]
        return Divided([], [], loaded) if self.is_library else Divided(loaded, [], [])

    def covers(self, module: str, filename: str) -> bool:
        """The area is what is loaded."""
        return filename == "subject.py"

    @contextlib.contextmanager
    def active(self, builtins: tuple[str, ...] = (), at_once: bool = True) -> Iterator[Sites]:
        """Instrument the module for the length of the block, all of its functions ``at_once`` or as they are called."""
        self.instrumenter = Instrumenter(
            self.hooks, self.stand_ins.keys(), builtins, Cache(), library=self.library.keys(), at_once=at_once
        )
        with self.instrumenter.active(self) as sites:  # type: ignore[arg-type]
            assert not self.instrumenter.untouched
            yield sites

    def told(self, *hooks: str) -> list[tuple[Any, ...]]:
        """Return the events of the named hooks."""
        return [event for event in self.events if event[0] in hooks]


@pytest.fixture
def lab() -> Laboratory:
    return Laboratory()
