"""Runs tests marked ``parallelism``: the body alone and on several threads, measured and judged."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from .. import project
from ..model import Finding, TestResult
from ..options import PARALLELISM
from ..parallelism import advice, criterion, spawns
from ..parallelism.measure import measure
from ..parallelism.model import Measurement
from ..parallelism.own import measure_own
from ..parallelism.watch import watch
from ..realtime import RealTime
from ..report.baseline import marked
from ..report.prose import fitted
from ..report.width import width_of
from ..settings import Settings
from .base import hand_in, plan_of


def create_plugin(config: pytest.Config) -> ParallelismPlugin:
    """Return the plugin object; see :mod:`.base`."""
    return ParallelismPlugin()


class ParallelismPlugin:
    """Takes the place of the body of each marked test while it is called."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        plan = plan_of(item, PARALLELISM)
        if plan is None or not isinstance(item, pytest.Function):
            return (yield)
        with _in_place_of_body(item, partial(_run, item, plan.settings)):
            return (yield)


@contextmanager
def _in_place_of_body(
    item: pytest.Function, run: Callable[[Callable[[], object]], None]
) -> Generator[None, None, None]:
    original = item.obj

    def measured(*args: Any, **kwargs: Any) -> None:
        run(partial(original, *args, **kwargs) if args or kwargs else original)

    item.obj = measured
    try:
        yield
    finally:
        item.obj = original


def _run(item: pytest.Function, settings: Settings, body: Callable[[], object]) -> None:
    began = RealTime.monotonic()
    if settings.workers == 0:
        own = measure_own(body, max_seconds=settings.max_seconds, limit=settings.timeout)
        measurement, log = own.measurement, own.spawns
    else:
        logs: list[tuple[spawns.Spawn, ...]] = []

        def first(call: Callable[[], object]) -> None:
            with watch() as watched:
                call()
            logs.append(watched.spawns)

        measurement = measure(
            [body] * settings.workers,
            max_seconds=settings.max_seconds,
            limit=settings.timeout,
            first=first,
        )
        log = logs[0] if logs else ()
    findings = _findings(item, settings, measurement, log)
    too_slow = _too_slow(settings, measurement)
    errors = [finding for finding in findings if finding.is_error]
    failed = measurement.error is not None or measurement.stuck or too_slow or errors
    hand_in(
        item,
        TestResult(
            nodeid=item.nodeid,
            runner=PARALLELISM,
            outcome="failed" if failed else "passed",
            schedules=len(measurement.together),
            seconds=RealTime.monotonic() - began,
            findings=findings,
            notes=_notes(settings, measurement),
            extra=((PARALLELISM, advice.row(measurement).to_json()),),
        ),
    )
    if measurement.error is not None:
        raise measurement.error
    if measurement.stuck:
        pytest.fail(measurement.problem, pytrace=False)
    if too_slow or errors:
        width = width_of(item.config)
        details = [fitted(f"{finding.code} {finding.name}: {finding.detail}", width) for finding in findings]
        pytest.fail("\n\n".join([too_slow] * bool(too_slow) + details), pytrace=False)


def _findings(
    item: pytest.Function, settings: Settings, measurement: Measurement, log: tuple[spawns.Spawn, ...]
) -> tuple[Finding, ...]:
    found = [advice.joined_one_by_one(site) for site in spawns.joined_one_by_one(log)]
    found += [advice.costlier_than_work(site) for site in spawns.costlier_than_work(log)]
    wasted = advice.verdict(measurement)
    if wasted is not None:
        found.append(wasted)
    kept = []
    for finding in found:
        severity = settings.severity(finding.code)
        if severity is not None:
            shown = relative(replace(finding, severity=severity), item.config.rootpath)
            kept.append(marked(shown, item.config, item.nodeid))
    return tuple(kept)


def relative(finding: Finding, root: Path) -> Finding:
    """Return ``finding`` with its paths relative to ``root`` where they are the project's."""
    locations = tuple(replace(each, path=project.relative(each.path, root)) for each in finding.locations)
    prefix = f"{root}/"
    return replace(
        finding,
        locations=locations,
        message=finding.message.replace(prefix, ""),
        detail=finding.detail.replace(prefix, ""),
    )


def _speedup(measurement: Measurement) -> float | None:
    """Return the best speed-up that ``min_speedup`` is compared with, or None where it cannot be told.

    A busy machine is not the test's fault: unless the workers were shown to take turns, only rounds count in which they
    hardly waited for a processor.
    """
    if measurement.problem or not measurement.alone:
        return None
    if criterion.judge(measurement) == criterion.WASTED:
        return criterion.gain(measurement)
    rounds = tuple(each for each in measurement.together if criterion.quiet(each))
    return max((criterion.speedup(measurement.alone, each) for each in rounds), default=None)


def _too_slow(settings: Settings, measurement: Measurement) -> str:
    """Return why ``min_speedup`` is not met, or ""."""
    best = _speedup(measurement)
    if settings.min_speedup is None or best is None or best >= settings.min_speedup:
        return ""
    return (
        f"{measurement.workers} threads give a speed-up of {best:.1f}x, less than min_speedup={settings.min_speedup:g}."
    )


def _notes(settings: Settings, measurement: Measurement) -> tuple[str, ...]:
    if measurement.error is not None or measurement.stuck:
        return ()
    notes = advice.notes(measurement)
    if settings.min_speedup is not None and _speedup(measurement) is None:
        notes += (
            f"min_speedup={settings.min_speedup:g} was not checked: the workers had to wait for processors, "
            "or were not measured",
        )
    return notes
