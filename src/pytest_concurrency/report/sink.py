"""Collects the results of all tests, wherever they ran, and hands them to the reporters at the end.

A result travels as plain JSON on the test's own report (``report.concurrency``), which pytest-xdist serialises.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ..extensions import reviewed
from ..files import why_not
from ..model import RESULT, TestResult
from .baseline import BASELINE, marked, told, write
from .named import with_own_text
from .prose import fitted
from .width import INPUT, columns, width_of

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

BUILT_IN = ("json", "html", "sarif", "github")
Reporter = Callable[[Sequence[dict[str, Any]], "str | None", pytest.Config], None]


def attach(item: pytest.Item, report: pytest.TestReport, result: TestResult) -> None:
    """Put ``result`` on the report of ``item``: the data for the reporters and a section for a failure."""
    findings = result.findings
    if not result.reviewed:
        findings = tuple(reviewed(item, finding) for finding in findings)
    findings = tuple(marked(each, item.config, item.nodeid) for each in findings)
    path, line, _ = item.location
    result = replace(result, findings=findings, path=path, line=(line or 0) + 1)
    item.ihook.pytest_concurrency_result(item=item, result=result)
    told = result.to_json()
    if report.skipped and hasattr(report, "wasxfail"):
        told["xfailed"] = True
    report.concurrency = told  # type: ignore[attr-defined]
    if report.failed:
        for finding in with_own_text((each for each in findings if each.detail), str(report.longrepr)):
            text = fitted(finding.detail, width_of(item.config), finding.message, finding.code)
            report.sections.append((f"concurrency: {finding.code} {finding.name}", text))
    properties = list(_properties(result))
    report.user_properties += properties
    item.user_properties += properties  # of these pytest's JUnit report takes the ones of the tear-down's report


def _properties(result: TestResult) -> Iterator[tuple[str, object]]:
    """Yield what the test's properties in a JUnit report say."""
    for finding in result.findings:
        yield f"concurrency.{finding.code}.message", finding.message
        if finding.replay:
            yield f"concurrency.{finding.code}.replay", finding.replay
    if result.findings:
        yield "concurrency.hazards", " ".join(finding.code for finding in result.findings)
    yield "concurrency.schedules", result.schedules
    yield "concurrency.exhaustive", str(result.exhaustive).lower()
    if result.seed is not None:
        yield "concurrency.seed", result.seed


class Sink:
    """Holds the results and writes the reports; one per pytest process that runs or gathers stressed tests."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.results: list[dict[str, Any]] = []
        self._wanted = [_parsed(text) for text in config.option.concurrency_report]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if call.when == "call":
            result = item.stash.get(RESULT, None)
            if result is not None:
                attach(item, report, result)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        result = getattr(report, "concurrency", None)
        if result is not None:
            self.results.append(result)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        for kind, path in self._wanted:
            self._reporter(kind)
            reason = why_not(path) if path is not None and kind in BUILT_IN else ""
            if reason:  # now, and not after the tests have run
                raise pytest.UsageError(f"--concurrency-report: cannot write {path}: {reason}.")
        baseline = self._config.stash.get(BASELINE, None)
        reason = why_not(baseline.path) if baseline is not None and baseline.updating else ""
        if baseline is not None and reason:
            raise pytest.UsageError(f"--concurrency-baseline: cannot write {baseline.path}: {reason}.")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        if hasattr(self._config, "workerinput"):
            return
        self._write_baseline()
        for kind, path in self._wanted:
            if path is not None:
                try:
                    self._reporter(kind)(self.results, path, self._config)
                except OSError as error:
                    reason = error.strerror or type(error).__name__
                    raise pytest.UsageError(f"--concurrency-report: cannot write {path}: {reason}.") from None

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of pytest-xdist how wide the terminal is."""
        node.workerinput[INPUT] = columns(self._config)

    def _write_baseline(self) -> None:
        baseline = self._config.stash.get(BASELINE, None)
        if baseline is not None and baseline.updating:
            try:
                write(baseline, self.results)
            except OSError as error:
                reason = error.strerror or type(error).__name__
                raise pytest.UsageError(f"--concurrency-baseline: cannot write {baseline.path}: {reason}.") from None

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        if self.results:
            from .terminal import write_summary

            baseline = self._config.stash.get(BASELINE, None)
            write_summary(terminalreporter, self.results, told(baseline, self.results) if baseline else ())
        for kind, path in self._wanted:
            if path is None:
                self._reporter(kind)(self.results, None, self._config)

    def _reporter(self, kind: str) -> Reporter:
        if kind in BUILT_IN:
            module = importlib.import_module(f".{kind}_report", __package__)
            if kind == "html":
                module.check()
            reporter: Reporter = module.write
            return reporter
        tables = self._config.hook.pytest_concurrency_reporters()
        for table in tables:
            if kind in table:
                return table[kind]  # type: ignore[no-any-return]
        known = ", ".join([*BUILT_IN, *(name for table in tables for name in table)])
        raise pytest.UsageError(f"--concurrency-report: {kind!r} is not one of {known}.")


def _parsed(text: str) -> tuple[str, str | None]:
    kind, _, path = text.partition(":")
    return kind, path or None
