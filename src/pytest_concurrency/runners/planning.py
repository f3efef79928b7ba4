"""From a collected test to its plan: which carrier, which settings, and what is refused."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Iterable
from dataclasses import replace

import pytest
from _pytest.unittest import TestCaseFunction

from ..options import FIXTURES, GREENLETS, MARKER_OF, MARKERS, PER_WORKER, PROCESSES, THREADS
from ..settings import resolve, stress_threads_workers
from .base import PLAN, Plan


def plan_item(item: pytest.Item, config: pytest.Config) -> set[str]:
    """As :func:`planned`; in a worker of pytest-xdist, where a usage error would end the worker, the test fails."""
    try:
        return planned(item, config)
    except pytest.UsageError as error:
        _refuse([item], config, error)
        return set()


def _refuse(items: list[pytest.Item], config: pytest.Config, error: pytest.UsageError) -> None:
    if not hasattr(config, "workerinput"):
        raise error
    for item in items:
        if PLAN in item.stash:
            del item.stash[PLAN]
        item.runtest = functools.partial(pytest.fail, str(error), pytrace=False)  # type: ignore[method-assign]


def refuse_misspelt(name: str, items: list[pytest.Item], config: pytest.Config, markers: Iterable[str]) -> None:
    """Refuse ``items``, which are marked ``name``, where that is nearly one of ``markers`` and is not registered."""
    registered = {line.partition(":")[0].partition("(")[0].strip() for line in config.getini("markers")}
    meant = difflib.get_close_matches(name, markers, n=1, cutoff=0.9)
    if meant and name not in registered:
        sentence = f"there is no marker {name}; write {meant[0]}, or register {name} if it is another's."
        _refuse(items, config, pytest.UsageError(f"{items[0].nodeid}: {sentence}"))


def planned(item: pytest.Item, config: pytest.Config) -> set[str]:
    """Attach a :class:`Plan` to ``item`` where it is to be stressed; return the kinds of carrier it needs.

    Raise :class:`pytest.UsageError` where markers contradict each other or an argument is wrong.
    """
    fixtures = [kind for name, kind in FIXTURES.items() if name in getattr(item, "fixturenames", ())]
    marks = {kind: mark for name, kind in MARKERS.items() if (mark := item.get_closest_marker(name))}
    kinds = list(dict.fromkeys(fixtures + list(marks)))
    if not kinds:
        return _planned_as_implicit(item, config) if config.option.stress_threads is not None else set()
    if len(kinds) > 1:
        asked = [name for name, each in FIXTURES.items() if each in fixtures]
        asked += [MARKER_OF[each] for each in marks if each not in fixtures]
        raise pytest.UsageError(
            f"{item.nodeid}: a test has one kind of workers, but this one asks for {' and '.join(asked)}; "
            "make it two tests."
        )
    (kind,) = kinds
    marker = MARKER_OF[kind]
    mark = marks.get(kind)
    if mark is not None and mark.args:
        (given, *_) = mark.args
        hint = f"; write {marker}(workers={given}) if that is what is meant" if type(given) is int else ""
        raise pytest.UsageError(f"{item.nodeid}: {marker} takes keyword arguments only, not {given!r}{hint}.")
    settings = resolve(kind, item.nodeid, mark.kwargs if mark is not None else {}, config)
    if not isinstance(item, pytest.Function):
        hint = "" if mark in item.own_markers else "; mark the functions, not the whole module"
        raise pytest.UsageError(
            f"{item.nodeid}: {marker} works on test functions and methods, not on a {type(item).__name__}{hint}."
        )
    if kind in (PROCESSES, GREENLETS) and isinstance(item, TestCaseFunction):
        raise pytest.UsageError(
            f"{item.nodeid}: {marker} works on test functions and methods of plain classes, not on those of a "
            "unittest.TestCase."
        )
    if _is_async(item):
        raise pytest.UsageError(
            f"{item.nodeid}: {marker} cannot run an async test; call asyncio.run() in an ordinary test function."
        )
    item.stash[PLAN] = Plan(kind, settings, bool(fixtures))
    return {kind}


def _planned_as_implicit(item: pytest.Item, config: pytest.Config) -> set[str]:
    """As :func:`planned`, for a test that only ``--stress-threads`` stresses."""
    from .whole_suite.marks import workers_of

    workers, alone = workers_of(item, stress_threads_workers(config))
    settings = resolve(THREADS, item.nodeid, {"workers": workers}, config)
    if "fixtures" not in settings.explicit:
        settings = replace(settings, fixtures=PER_WORKER)
    settings = replace(settings, whole_suite=True)
    if not isinstance(item, pytest.Function):
        alone = alone or f"a {type(item).__name__} is not run on threads"
    elif _is_async(item):
        alone = alone or "async tests are not run on threads"
    item.stash[PLAN] = Plan(THREADS, settings, False, implicit=True, one_worker=alone)
    return {THREADS}


def select_replayed(items: list[pytest.Item], config: pytest.Config) -> None:
    """Keep of ``items`` only the test that ``--concurrency-replay`` was made for; UsageError where there is none."""
    from ..schedules.token import BadToken, decode, test_digest

    word = config.option.concurrency_replay
    stressed = [item for item in items if PLAN in item.stash]
    try:
        wanted = [item for item in stressed if test_digest(item.nodeid) == decode(word).test]
        if not wanted:
            one = f" ({stressed[0].nodeid})" if len(stressed) == 1 else ""
            which = f"it was made for another test than the stressed ones selected{one}"
            which = which if stressed else "none of the tests selected is stressed"
            raise BadToken(f"{which}; name the test as the failure's replay command does")
    except BadToken as error:
        _refuse(items, config, pytest.UsageError(f"--concurrency-replay={word}: {error}."))
        return
    others = [item for item in items if item not in wanted]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = wanted


def _is_async(item: pytest.Function) -> bool:
    """Say whether calling the test gives a coroutine; a decorator that runs it in a loop makes it an ordinary test."""
    function = getattr(getattr(item.obj, "hypothesis", None), "inner_test", item.obj)
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
