"""The plugin in pytest's own process: sends each greenlet test to the worker process and takes its reports back."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

import pytest

from ...model import TestResult
from ...options import GREENLETS
from ...realtime import RealTime
from ...report.prose import fitted
from ...report.width import width_of
from ...settings import Settings
from ..base import plan_of
from . import headed
from .channel import Expired
from .guard import Guard
from .process import WorkerDied, WorkerProcess

ALARM_GRACE = 2.0  # seconds that the worker has to report after a time-out plugin's alarm
GRACE = 5.0  # seconds that the worker's own time-out has before pytest's process steps in


class Controller:
    """Runs greenlet tests in lazily started worker processes, at most one of each kind of patching at a time."""

    def __init__(self, config: pytest.Config) -> None:
        if config.option.usepdb or config.option.trace:
            option = "--pdb" if config.option.usepdb else "--trace"
            raise pytest.UsageError(
                f"{option} does not work for greenlet tests, which run in their own process; leave it out, "
                "or deselect them with -m 'not stress_greenlets'."
            )
        self._config = config
        self._workers: dict[tuple[str, str], WorkerProcess] = {}
        self._started = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        plan = plan_of(item, GREENLETS)
        if plan is None:
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        self._run(item, self._patch_of(item, plan.settings), plan.settings.timeout)
        _tear_down(item, nextitem)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _run(self, item: pytest.Item, patch: str, timeout: float) -> None:
        began = RealTime.perf_counter()
        worker = None
        try:
            worker = self._worker_for(item, patch)
            worker.send("run", item.nodeid, str(item.path), self._next_of(item))
            _take_reports(item, worker, timeout)
        except (KeyboardInterrupt, pytest.exit.Exception):
            self._drop(worker, interrupted=True)
            raise
        except WorkerDied as error:
            self._drop(worker)
            _report_failure(item, str(error), RealTime.perf_counter() - began, error.result)
        except pytest.fail.Exception as error:  # a time-out plugin's alarm, which the worker has set too
            if worker is None or not _reported_after_all(item, worker):
                self._drop(worker)
                _report_failure(item, str(error), RealTime.perf_counter() - began)
        except BaseException:
            self._drop(worker)
            raise

    def _patch_of(self, item: pytest.Item, settings: Settings) -> str:
        """Return when to patch: a module that calls ``patch_all`` itself does so, unless the test says otherwise."""
        guard: Guard | None = self._config.pluginmanager.get_plugin("concurrency-greenlet-guard")
        if guard is not None and "patch" not in settings.explicit and str(item.path) in guard.patching_modules:
            return "app"
        return settings.patch

    def _worker_for(self, item: pytest.Item, patch: str) -> WorkerProcess:
        # What the code under test patches, and what a late patch finds, belongs to one module's process.
        own = str(item.path) if patch != "early" else ""
        for key in [key for key in self._workers if key[1] and key != (patch, own)]:
            self._workers.pop(key).stop()
        worker = self._workers.get((patch, own))
        if worker is None:
            self._started += 1
            worker = WorkerProcess(self._config, patch, self._started - 1)
            self._workers[patch, own] = worker
        return worker

    def _next_of(self, item: pytest.Item) -> str | None:
        """Return the node id of the next greenlet test of the same module, "" where only others follow, else None."""
        items = item.session.items
        try:
            index = items.index(item)
        except ValueError:
            return ""
        others = [other for other in items[index + 1 :] if plan_of(other, GREENLETS) is not None]
        if not others:
            return None
        return others[0].nodeid if others[0].path == item.path else ""

    def _drop(self, worker: WorkerProcess | None, interrupted: bool = False) -> None:
        for key, known in list(self._workers.items()):
            if known is worker:
                del self._workers[key]
        if worker is not None:
            worker.interrupt() if interrupted else worker.kill()

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        result = yield
        # Innermost, so that what the workers measured is there when a coverage plugin's wrapper reports.
        while self._workers:
            self._workers.popitem()[1].stop()
        return result

    def pytest_unconfigure(self) -> None:
        while self._workers:
            self._workers.popitem()[1].kill()


def _tear_down(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Tear down here what ordinary tests before ``item`` left set up for it and ``nextitem`` does not need."""
    state = item.session._setupstate
    call = pytest.CallInfo.from_call(lambda: state.teardown_exact(nextitem), "teardown", reraise=(KeyboardInterrupt,))
    if call.excinfo is not None:
        report = item.ihook.pytest_runtest_makereport(item=item, call=call)
        item.ihook.pytest_runtest_logreport(report=report)


def _take_reports(item: pytest.Item, worker: WorkerProcess, timeout: float, limit: float | None = None) -> None:
    """Log every report of ``item`` until the worker says it is done; raise WorkerDied where it is given up.

    ``timeout`` of one repeat and ``limit`` for the next message, both in seconds.
    """
    hook = item.ihook
    while True:
        try:
            name, *rest = worker.receive(limit)
        except Expired:
            raise WorkerDied(
                f"the test was still running {timeout:g} s after its start and nothing else could run in its "
                f"process: a call in C keeps the interpreter.\n{worker.stacks()}"
            ) from None
        if name == "report":
            report = item.config.hook.pytest_report_from_serializable(config=item.config, data=rest[0])
            report.nodeid = item.nodeid
            hook.pytest_runtest_logreport(report=report)
        elif name == "body":
            limit = timeout + GRACE if rest[0] else None
        elif name == "stuck":
            text, found = rest[0], {**rest[1], "nodeid": item.nodeid}
            width = width_of(item.config)
            raise WorkerDied("\n\n".join([text, *(_shown(hazard, width) for hazard in found["hazards"])]), found)
        elif name == "warning":
            hook.pytest_warning_recorded.call_historic(kwargs=rest[0])
        elif name in ("missing", "died"):
            _report_failure(item, rest[0], 0.0)
            return
        elif name == "interrupted":
            raise KeyboardInterrupt
        elif name == "exit":
            pytest.exit(rest[0])
        elif name == "done":
            return


def _report_failure(item: pytest.Item, text: str, seconds: float, result: dict[str, Any] | None = None) -> None:
    """Log a failed report of ``item`` that its worker could not make; ``result`` is what the worker had found."""
    now = time.time()
    report = pytest.TestReport(
        nodeid=item.nodeid,
        location=item.location,
        keywords={name: 1 for name in item.keywords},
        outcome="failed",
        longrepr=text,
        when="call",
        duration=seconds,
        start=now - seconds,
        stop=now,
    )
    nothing = TestResult(item.nodeid, GREENLETS, "error", seconds=seconds).to_json()
    report.concurrency = result or nothing  # type: ignore[attr-defined]
    item.ihook.pytest_runtest_logreport(report=report)


def _reported_after_all(item: pytest.Item, worker: WorkerProcess) -> bool:
    """Return whether the worker still handed its reports in, within the grace."""
    try:
        _take_reports(item, worker, 0.0, ALARM_GRACE)
    except WorkerDied:
        return False
    return True


def _shown(hazard: dict[str, Any], width: int) -> str:
    return fitted(headed(hazard["code"], hazard["name"], hazard["detail"] or hazard["message"]), width)
