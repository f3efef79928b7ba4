"""In the worker process: runs one greenlet test as often as planned, watched, and says what was found."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import pytest

from ...model import TestResult
from ..base import ACTIVE_RUNNER, Plan, hand_in, plan_of
from .runner import GreenletRunner, run_at_once

KIND = "greenlets"


class InWorker:
    """The plugin that calls the test function of greenlet tests."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        plan = plan_of(item, KIND)
        if plan is not None:
            item.stash[ACTIVE_RUNNER] = GreenletRunner(plan.settings.workers)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        plan = plan_of(pyfuncitem, KIND)
        if plan is None:
            return None
        body(pyfuncitem, plan)()
        hand_in(pyfuncitem, TestResult(pyfuncitem.nodeid, KIND, "passed", schedules=1))
        return True


def body(item: pytest.Function, plan: Plan) -> Callable[[], Any]:
    """Return what one repeat of ``item`` does: the test function once, or in as many greenlets as planned."""
    names = item._fixtureinfo.argnames
    arguments = {name: item.funcargs[name] for name in names}
    function = item.obj

    def call() -> Any:
        return function(**arguments)

    if plan.via_fixture or plan.settings.workers == 0:
        return call
    return lambda: run_at_once((call,) * plan.settings.workers)


__all__ = ["InWorker", "body", "perf_counter"]
