"""The pytest session inside a worker process: collects on demand, runs what it is told, sends the reports back."""

from __future__ import annotations

import os
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from _pytest.config import _prepareconfig, create_terminal_writer

from ...model import Finding
from ...options import GREENLETS
from ...settings import Settings
from ...state import STATE
from ..base import plan_of, root_of
from . import WORKER_PLUGIN
from .channel import Channel, Closed
from .forking import run_in_fork
from .handover import Handover


def run_session(channel: Channel, handover: Handover) -> None:
    """Configure pytest as in the process above and serve its commands until "quit" or the end of the channel."""
    os.chdir(handover.directory)
    config = _prepareconfig(list(handover.args), None)
    option = config.option
    for name in ("looponfail", "distload", "usepdb", "trace", "loadgroup"):
        if hasattr(option, name):
            setattr(option, name, False)
    option.dist, option.numprocesses, option.maxprocesses, option.tx = "no", None, None, []
    option.basetemp, option.maxfail, option.concurrency_report = handover.basetemp, 0, []
    config.workerinput = dict(handover.workerinput)  # type: ignore[attr-defined]
    config.workeroutput = {}  # type: ignore[attr-defined]
    config.pluginmanager.register(Worker(channel, handover), WORKER_PLUGIN)
    config.hook.pytest_cmdline_main(config=config)


class Worker:
    """Serves the commands of the process above; also the link through which a stuck body reports itself."""

    def __init__(self, channel: Channel, handover: Handover) -> None:
        self.channel = channel
        self.patch = handover.patch
        self._items: dict[str, dict[str, pytest.Item]] = {}
        self._problems: list[str] = []
        self._patching: Any = None
        self._told_too_late = False

    def patched_too_late(self, settings: Settings, relative: Callable[[str], str]) -> Finding | None:
        """Return CH304 for the first test that asks after patching came too late, afterwards None."""
        if self._patching is None or self._told_too_late:
            return None
        self._told_too_late = True
        finding: Finding | None = self._patching.too_late(settings.severity("CH304"), relative)
        return finding

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> bool:
        return True  # nothing yet: each file is collected when its first test is asked for

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.channel.send("ready")
        while True:
            try:
                name, *rest = self.channel.receive()
            except Closed:
                break
            if name == "quit":
                break
            if name == "run":
                self._run(session, *rest)
        session._setupstate.teardown_exact(None)
        return True

    def _run(self, session: pytest.Session, nodeid: str, path: str, next_nodeid: str | None) -> None:
        try:
            item = self._find(session, nodeid, path)
            if item is None:
                problems = "\n".join(self._problems) or "collection there does not give this test"
                self.channel.send("missing", f"{nodeid} was not found in the greenlet worker:\n{problems}")
                return
            STATE.root = root_of(item)
            following: pytest.Item | None = session if next_nodeid == "" else None  # type: ignore[assignment]
            if next_nodeid:
                following = self._find(session, next_nodeid, path) or session  # type: ignore[assignment]
            if not _fits(session, item):
                session._setupstate.teardown_exact(item)
            plan = plan_of(item, GREENLETS)
            if plan is not None and plan.settings.isolation == "fork":
                run_in_fork(session, item, self.channel)
            else:
                item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
                self.channel.send("done")
        except KeyboardInterrupt:
            self.channel.send("interrupted")
            raise
        except pytest.exit.Exception as error:
            self.channel.send("exit", str(error))
            raise

    def _find(self, session: pytest.Session, nodeid: str, path: str) -> pytest.Item | None:
        if path not in self._items:
            if self.patch in ("app", "late") and self._patching is None:
                from .patching import Patching

                self._patching = Patching()
                self._patching.listen()
            del self._problems[:]
            self._items[path] = {item.nodeid: item for item in session.perform_collect([path])}
            if self.patch == "late":
                self._patching.patch_now()
        items = self._items[path]
        # pytest-xdist's loadgroup adds "@group" to the node ids of its workers.
        return items.get(nodeid) or items.get(nodeid.rpartition("@")[0])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._problems.append(report.longreprtext)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        config = self._config
        data = config.hook.pytest_report_to_serializable(config=config, report=report)
        self.channel.send("report", _picklable(data))

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        self._config = config
        # Plugins expect a terminal reporter; the process above writes what there is to read.
        reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            self._nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - as long as the process
            reporter._tw = create_terminal_writer(config, self._nowhere)

    def pytest_internalerror(self, excrepr: object) -> None:
        self.channel.send("failed", str(excrepr))

    def pytest_warning_recorded(
        self,
        warning_message: warnings.WarningMessage,
        when: str,
        nodeid: str,
        location: tuple[str, int, str] | None,
    ) -> None:
        if when != "runtest":
            return  # the process above configured and collected too, and has these warnings already
        message = {"warning_message": warning_message, "when": when, "nodeid": nodeid, "location": location}
        try:
            pickle.loads(pickle.dumps(message))
        except Exception:
            plain = warnings.WarningMessage(
                UserWarning(str(warning_message.message)),
                UserWarning,
                warning_message.filename,
                warning_message.lineno,
            )
            message["warning_message"] = plain
        self.channel.send("warning", message)


def _fits(session: pytest.Session, item: pytest.Item) -> bool:
    """Return whether what is set up now belongs to ``item`` (the test before had another successor in mind)."""
    wanted = item.listchain()
    active = list(session._setupstate.stack)
    return active == wanted[: len(active)]


def _picklable(data: dict[str, Any]) -> dict[str, Any]:
    """Return ``data`` with what cannot travel replaced by its repr."""
    try:
        pickle.dumps(data)
        return data
    except Exception:
        return {key: value if _travels(value) else repr(value) for key, value in data.items()}


def _travels(value: object) -> bool:
    try:
        pickle.loads(pickle.dumps(value))
    except Exception:
        return False
    return True
