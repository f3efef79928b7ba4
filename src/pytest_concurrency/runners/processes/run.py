"""One run of a test: its body in this process under a watch, or in several worker processes at once."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from ...model import Finding
from ...report.prose import fitted
from ...report.width import width_of
from ...settings import Settings
from ...watch.deadline import BodyHung
from ...watch.queue_not_drained import hands_over
from ...watch.record import ProcessStarted
from ...watch.stray import end_if_stray
from ...watch.watch import Watch, WatchPlan
from ..afresh import arguments
from ..base import root_of
from .outcome import HUNG, RAISED, SKIPPED, Outcome
from .start import start_method
from .team import run_team, show_output

_BEFORE_TEAM = 0.8  # a worker that knows why it hangs says so before its team gives up
_FIXTURE_EXTRA = 5.0  # seconds that a body may take beyond the time-out of a team that it runs


@dataclass(frozen=True)
class Run:
    """What one run came to: the error to raise (None: it passed), the findings, the workers that failed.
    ``explorable``: the body has started processes, all of them by a plain fork. ``threads`` still ran when a body that
    hung was stopped.
    """

    error: BaseException | None
    findings: tuple[Finding, ...] = ()
    failed: tuple[Outcome, ...] = ()
    notes: tuple[str, ...] = ()
    explorable: bool = False
    threads: tuple[threading.Thread, ...] = ()


def run_body(item: pytest.Function, settings: Settings, teardown: Callable[[], None]) -> Run:
    """Run the body once in this process, watching the processes that it starts.

    ``teardown`` is called before processes that are left are reported: a fixture may be about to end them.
    """
    extra = _FIXTURE_EXTRA if "process_runner" in item.fixturenames else 0.0
    watch = Watch(WatchPlan(root_of(item), settings.timeout + extra), body=item.obj)
    error: BaseException | None = None
    before = set(threading.enumerate())
    left: tuple[threading.Thread, ...] = ()
    try:
        with watch:
            try:
                watched_body(item)
            except BaseException as raised:
                error = raised
            end_if_stray(watch, error)
        watch.settle(error, teardown)
        findings = watch.judge(error)
    finally:
        watch.close()
    if isinstance(error, BodyHung) or watch.hung:
        error = _hung(watch, settings, findings, width_of(item.config))
        left = tuple(t for t in threading.enumerate() if t not in before and not t.daemon)
    plain = [entry for entry in watch.record.started if entry.owner != "Manager"]
    others = [entry for entry in plain if not _can_be_forked(entry, settings)]
    notes: tuple[str, ...] = ()
    if others and settings.workers == 0 and "process_runner" not in item.fixturenames:
        notes = (f"schedules were not explored: {_shown(others[0])} was started, which is watched only",)
    if left:
        names = ", ".join(thread.name for thread in left)
        notes = (*notes, f"still running when the test was stopped, and left behind: {names}")
    return Run(error, findings, notes=notes, explorable=bool(plain) and not others, threads=left)


def _can_be_forked(entry: ProcessStarted, settings: Settings) -> bool:
    """Say whether a process that was started so can be controlled: it was forked, or nobody asked for anything else."""
    default = entry.by_default and settings.start_method is None and "fork" in multiprocessing.get_all_start_methods()
    return (entry.method == "fork" or default) and entry.owner in ("", "os.fork") and entry.created_here


def _shown(entry: ProcessStarted) -> str:
    if entry.owner in _OWNERS:
        return _OWNERS[entry.owner]
    return f"a process by {entry.method}" if entry.created_here else "a process of a fixture"


_OWNERS = {"Pool": "a pool", "ProcessPoolExecutor": "an executor", "subprocess": "a subprocess"}


def watched_body(item: pytest.Function) -> None:
    """Call the test function. The name marks the frame under which a stack is the body's own."""
    item.obj(**arguments(item))


def _hung(watch: Watch, settings: Settings, findings: tuple[Finding, ...], width: int) -> BaseException:
    stuck = "\n".join(
        f"stack of {s.name} (pid {s.pid}):\n{s.stack.rstrip()}" for s in watch.record.stuck or watch.record.unfinished
    )
    told = "\n\n".join(f"{f.code} {f.name}: {f.message}\n{f.detail}" for f in findings if f.code in _HANGS)
    text = fitted(told, width) or f"the test did not end in {settings.timeout:g} s (timeout=) and was stopped\n{stuck}"
    return pytest.fail.Exception(text, pytrace=False)


_HANGS = ("CH108", "CH404", "CH405", "CH407", "CH409")


def run_workers(item: pytest.Function, settings: Settings) -> Run:
    """Run the body once in each of ``workers`` processes at the same time, all with the same fixtures."""
    kwargs: dict[str, Any] = arguments(item)
    chosen = start_method(settings, [(item.obj, kwargs)] * settings.workers, root_of(item))
    if chosen.unpicklable:
        finding = Finding("CH404", f"what the workers need cannot be pickled: {chosen.unpicklable}")
        return Run(None, (finding,), notes=chosen.notes)
    outcomes, lost = run_team(
        chosen.calls,
        method=chosen.method,
        item=item,
        timeout=settings.timeout,
        redirect=not {"capsys", "capfd", "capsysbinary", "capfdbinary", "capteesys"} & set(item.fixturenames),
        watch=WatchPlan(root_of(item), settings.timeout * _BEFORE_TEAM, in_worker=True),
    )
    findings = [finding for outcome in outcomes if outcome.report for finding in outcome.report.findings]
    findings += lost
    failed = tuple(outcome for outcome in outcomes if outcome.failed)
    skipped = next((outcome for outcome in outcomes if outcome.status == SKIPPED), None)
    error: BaseException | None = None
    if failed:
        findings += _hangs(failed, settings)
        text = "\n\n".join(outcome.describe(settings.timeout) for outcome in failed)
        error = pytest.fail.Exception(text, pytrace=False)
    elif skipped is not None and skipped.report is not None:
        error = pytest.skip.Exception(skipped.report.summary.removeprefix("Skipped: "), _use_item_location=True)
    else:
        show_output(outcomes)
    return Run(error, tuple(findings), failed, chosen.notes)


def _hangs(failed: tuple[Outcome, ...], settings: Settings) -> list[Finding]:
    hung = [outcome for outcome in failed if outcome.status == HUNG]
    if not hung or any(outcome.status == RAISED or outcome.moving for outcome in failed):
        return []
    names = ", ".join(str(outcome.index) for outcome in hung)
    detail = "\n\n".join(outcome.describe(settings.timeout) for outcome in hung)
    if all(hands_over(outcome.stack) for outcome in hung):
        message = f"worker(s) {names} could not end: they still had items to hand over in a queue"
        return [Finding("CH407", message, detail)]
    return [Finding("CH409", f"worker(s) {names} did not end in {settings.timeout:g} s", detail)]
