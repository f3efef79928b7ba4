"""A test that is run again and again: each run begins with fixtures of its own, from the same state, without output."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

import pytest
from _pytest.logging import caplog_handler_key
from _pytest.tmpdir import tmppath_result_key

from ..watch.deadline import Deadline
from .errors import one_for_all
from .rewind import rewind

TEAR_DOWN_LIMIT = 60.0
"""Seconds (real time) that fixtures may take to be torn down between two runs."""

_WITHOUT_STATE = frozenset({"request", "thread_runner", "process_runner", "greenlet_runner"})
"""Fixtures that a run cannot leave in another state than it found them in."""


_RENEWED = pytest.StashKey[bool]()


def is_renewed(item: pytest.Function) -> bool:
    """Say whether setting ``item`` up again has any effect: it has a class or function-scoped fixtures.

    The parameters of ``@pytest.mark.parametrize``, which pytest treats as fixtures, are the same objects each time.
    """
    info = item._fixtureinfo
    if item.cls is not None or "request" in info.argnames:
        return True
    return any(
        definition.scope == "function" and name not in _WITHOUT_STATE and not _is_parameter(definition.func)
        for name, definitions in info.name2fixturedefs.items()
        for definition in definitions[-1:]
    )


def _is_parameter(function: Any) -> bool:
    name = getattr(function, "__name__", "")
    return name == "get_direct_param_fixture_func" and function.__module__ == "_pytest.python"


def without_fixtures(item: pytest.Function, action: Callable[[], None], bounded: bool = True) -> None:
    """Do ``action`` while the function-scoped fixtures of ``item`` are torn down, before it has run."""
    renewed = is_renewed(item)
    if renewed:
        tear_down_quietly(item, bounded)
    action()
    if renewed:
        set_up(item)


def tear_down_quietly(item: pytest.Function, bounded: bool = True) -> None:
    """Tear the function-scoped fixtures of ``item`` down where what a fixture then finds amiss is no news, nor that it
    hangs: before the test has run, and after it has failed."""
    with suppress(Exception, pytest.fail.Exception), _limit(bounded):
        tear_down(item)


def begin_again(item: pytest.Function, put_back: Callable[[], None] | None = None, bounded: bool = True) -> None:
    """Set ``item`` up afresh for another run, from the state noted for it, and forget what the last one printed.

    ``put_back`` is called while no function-scoped fixture is set up, to undo more than :mod:`.rewind` does.
    """
    renewed = clear(item, bounded)
    if put_back is not None:
        put_back()
    if renewed:
        set_up(item)
    forget_output(item)


def let_go_of_buffers(error: BaseException) -> None:
    """Clear the frames that ``error`` keeps where they look into a buffer: ``assert shm.buf[:8] == ...`` leaves a
    memoryview behind, and a fixture could then not close the shared memory or the mmap below it."""
    trace = error.__traceback__
    while trace is not None:
        frame, trace = trace.tb_frame, trace.tb_next
        if any(isinstance(value, memoryview) for value in list(frame.f_locals.values())):
            with suppress(RuntimeError):  # it is still running
                frame.clear()
                frame.f_locals  # noqa: B018 - before 3.13 a copy, which is brought up to date by this


def clear(item: pytest.Function, bounded: bool = True) -> bool:
    """Tear the function-scoped fixtures of ``item`` down and put back the state noted for it.

    Return whether there is anything to set up again. Raise ``pytest.fail.Exception`` where the fixtures take longer
    than :data:`TEAR_DOWN_LIMIT`, if that is ``bounded`` here.
    """
    renewed = item.stash.get(_RENEWED, False) or is_renewed(item)
    if renewed:
        tear_down_judged(item, bounded)
    rewind(item)
    return renewed


def tear_down_judged(item: pytest.Function, bounded: bool = True) -> None:
    """Tear the function-scoped fixtures of ``item`` down after a run; what a fixture finds amiss is raised."""
    item.stash[_RENEWED] = True  # fixtures may be added, but none is taken away
    with _limit(bounded):
        tear_down(item)


def _limit(bounded: bool) -> AbstractContextManager[object]:
    """Return what ends a tear-down that hangs: threads that a fixture started may be in a deadlock for real."""
    if not bounded:
        return nullcontext()

    def error(text: str) -> BaseException:
        return pytest.fail.Exception(f"the fixtures could not be torn down between two runs: {text}")

    return Deadline(TEAR_DOWN_LIMIT, lambda frame, passed: passed >= TEAR_DOWN_LIMIT, error)


def tear_down(item: pytest.Function) -> None:
    """Tear the function-scoped fixtures of ``item`` down; those of wider scopes stay."""
    results = item.stash.get(tmppath_result_key, {})  # tmp_path's teardown takes it away and its next one needs it
    try:
        # pytest asks for the next item; any node below which everything stays set up will do.
        item.session._setupstate.teardown_exact(item.parent)  # type: ignore[arg-type]
    except BaseExceptionGroup as error:  # each worker may have fixtures of its own, which fail alike
        raise one_for_all(error) from None
    finally:
        item.stash[tmppath_result_key] = results


def set_up(item: pytest.Function) -> None:
    """Set the fixtures of ``item`` up again after :func:`tear_down`; it gets a new instance of its class, too."""
    item._initrequest()
    new_instance(item)
    try:
        item.session._setupstate.setup(item)
    except Exception as error:
        error.add_note("The fixtures were set up again: each schedule has its own.")
        raise


def new_instance(item: pytest.Function) -> None:
    """Let ``item`` make a new instance of its class, as pytest gives each test one."""
    old = item.__dict__.pop("_instance", None)
    bound = item.__dict__.get("_obj")
    if old is not None and isinstance(bound, types.MethodType) and bound.__self__ is old:
        item.obj = types.MethodType(bound.__func__, item.instance)


def forget_output(item: pytest.Item) -> None:
    """Forget what the last run of ``item`` printed and logged."""
    handler = item.stash.get(caplog_handler_key, None)
    if handler is not None:
        handler.clear()
    shown: Any = getattr(item.config.pluginmanager.getplugin("logging-plugin"), "report_handler", None)
    if shown is not None:
        shown.reset()
    manager: Any = item.config.pluginmanager.getplugin("capturemanager")
    if manager is not None and manager.is_globally_capturing():
        manager.read_global_capture()


def output_so_far(item: pytest.Item) -> Callable[[], None]:
    """Take what the last run of ``item`` printed; return what prints it again, in the place of what came since."""
    manager: Any = item.config.pluginmanager.getplugin("capturemanager")
    if manager is None or not manager.is_globally_capturing():
        return lambda: None
    out, err = manager.read_global_capture()

    def again() -> None:
        manager.read_global_capture()
        sys.stdout.write(out)
        sys.stderr.write(err)

    return again


def arguments(item: pytest.Function) -> dict[str, object]:
    """Return the keyword arguments of the test function."""
    return {name: item.funcargs[name] for name in item._fixtureinfo.argnames}
