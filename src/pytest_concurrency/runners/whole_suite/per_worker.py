"""Function-scoped fixtures, and an instance of the test's class, for each worker: nothing shared but what is global.

pytest keeps the value of a fixture in its definition. So the definitions are emptied for each further worker, filled
once more, and put back as they were for each worker in turn when pytest tears the test down: last set up, first torn
down, as ever.
"""

from __future__ import annotations

import contextlib
import functools
import unittest
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from _pytest.tmpdir import tmppath_result_key

from ..afresh import new_instance

State = tuple[Any, list[Any]]


@dataclass(frozen=True, slots=True)
class Share:
    """What one worker calls: its own bound test function with its own arguments."""

    function: Callable[..., Any]
    arguments: dict[str, Any]


class PerWorker:
    """Sets the fixtures of ``item`` up once more for each worker but the first, which has pytest's own."""

    def __init__(self, item: pytest.Function, workers: int) -> None:
        self._item = item
        self._workers = workers
        self._shares: list[Share] = []
        self._outcomes: dict[str, bool] = {}

    def set_up(self) -> None:
        """Set up what the workers after the first need; call it after pytest's own set-up. Raise what a fixture does.

        What was set up is torn down with the item.
        """
        item: Any = self._item
        self._shares = []
        _ = item.obj  # makes the instance of a unittest.TestCase, which is gone after a tear-down
        first = (item.funcargs, item._request, item.__dict__.get("_instance"), item.__dict__.get("_obj"))
        definitions = _definitions(item)
        try:
            for _ in range(1, self._workers):
                self._one_more(item, definitions)
        finally:
            item.funcargs, item._request, instance, bound = first
            for name, value in (("_instance", instance), ("_obj", bound)):
                if value is not None:
                    setattr(item, name, value)

    def _one_more(self, item: Any, definitions: list[Any]) -> None:
        item.addfinalizer(functools.partial(self._put_back, definitions, _states(definitions)))
        for definition in definitions:
            definition.cached_result = None
            definition._finalizers[:] = []
        item._initrequest()
        new_instance(item)
        item._request._fillfixtures()
        self._shares.append(Share(item.obj, dict(item.funcargs)))
        # what was found dynamically belongs to this worker, too
        definitions.extend(d for d in _definitions(item) if d not in definitions)
        item.addfinalizer(functools.partial(self._put_back, definitions, _states(definitions)))

    def _put_back(self, definitions: list[Any], states: list[State]) -> None:
        for definition, (result, finalizers) in zip(definitions, states, strict=False):
            definition.cached_result = result
            definition._finalizers[:] = finalizers
        outcomes = self._item.stash.get(tmppath_result_key, None)  # each tmp_path looks there, and removes it
        if outcomes is None:
            self._item.stash[tmppath_result_key] = self._outcomes
        else:
            self._outcomes = outcomes

    @contextlib.contextmanager
    def ready(self) -> Iterator[None]:
        """Run ``setUp`` and ``tearDown`` of the further instances of a ``unittest.TestCase`` around the block.

        A failing ``subTest`` raises there at once: the test has one verdict, not one for each schedule.
        """
        host: Any = self._item.__dict__.get("_instance")
        if not isinstance(host, unittest.TestCase):
            yield
            return
        outcome: Any = getattr(host, "_outcome", None)
        host._outcome = None  # type: ignore[attr-defined]
        others = [share.function.__self__ for share in self._shares]  # type: ignore[attr-defined]
        begun = []
        try:
            for other in others:
                begun.append(other)
                other.setUp()
            yield
        finally:
            for other in reversed(begun):
                other.tearDown()
                other.doCleanups()
            host._outcome = outcome  # type: ignore[attr-defined]

    def bodies(self, original: Callable[..., Any], arguments: dict[str, Any]) -> list[Callable[[], Any]]:
        """Return one callable a worker; ``original`` and ``arguments`` are those of pytest's own call."""
        names = self._item._fixtureinfo.argnames
        calls: list[Callable[[], Any]] = [functools.partial(original, **arguments)]
        for index in range(1, self._workers):
            if index <= len(self._shares):
                share = self._shares[index - 1]
                own = {name: share.arguments[name] for name in names if name in share.arguments}
                calls.append(functools.partial(share.function, **(own if arguments else {})))
            else:
                calls.append(functools.partial(original, **arguments))
        return calls


def _definitions(item: Any) -> list[Any]:
    """Return the definitions of the function-scoped fixtures of ``item``, those asked for at run time included."""
    found = [d for group in item._fixtureinfo.name2fixturedefs.values() for d in group]
    found.extend(getattr(item._request, "_fixture_defs", {}).values())
    return list({
        id(d): d for d in found
        if getattr(d, "scope", "") == "function" and isinstance(getattr(d, "_finalizers", None), list)
    }.values())  # fmt: skip


def _states(definitions: list[Any]) -> list[State]:
    return [(definition.cached_result, list(definition._finalizers)) for definition in definitions]
