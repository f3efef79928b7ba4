"""The fixture ``greenlet_runner``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Any

from ...options import GREENLETS
from ..base import bind, expand, gather


class GreenletRunner:
    """Runs callables in greenlets at once; see :class:`..base.WorkerRunner`.

    ``workers`` is the default of :meth:`run` for one callable.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def run(
        self, *callables: Callable[[], Any], workers: int | None = None, return_exceptions: bool = False
    ) -> list[Any]:
        """Run the callables at once, each in a greenlet of its own, and return their results in order."""
        __tracebackhide__ = True
        return run_at_once(expand(callables, workers, self._workers, GREENLETS), return_exceptions)

    def map(
        self, function: Callable[[Any], Any], iterable: Iterable[Any], return_exceptions: bool = False
    ) -> list[Any]:
        """Run ``function(item)`` for every item, each in a greenlet of its own; results in order."""
        __tracebackhide__ = True
        return run_at_once(bind(function, iterable, GREENLETS), return_exceptions)


def run_at_once(callables: tuple[Callable[[], Any], ...], return_exceptions: bool = False) -> list[Any]:
    """Run each callable in a greenlet, wait for all, and return or raise as the runner's contract says.

    Greenlets that are still running when this one is interrupted (a time-out, Ctrl-C) are killed by the repeat.
    """
    import gevent

    loop: Any = gevent.get_hub().loop
    results: list[Any] = [None] * len(callables)
    errors: list[BaseException | None] = [None] * len(callables)

    def call(index: int, function: Callable[[], Any]) -> None:
        try:
            results[index] = function()
        except gevent.GreenletExit:
            raise
        except BaseException as error:
            errors[index] = error

    alike = len({id(function) for function in callables}) == 1
    with loop.arriving(alike) if hasattr(loop, "arriving") else nullcontext():  # explored: they come in any order
        greenlets = [gevent.spawn(call, index, function) for index, function in enumerate(callables)]
    gevent.joinall(greenlets)
    return gather(results, errors, return_exceptions)
