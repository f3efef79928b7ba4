"""Which stressed tests are asked whether their threads buy anything, and what is made of the answer."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_concurrency.parallelism.model import LockUse, Measurement, Profile, Round, Usage
from pytest_concurrency.runners.threads.wasted import HEAVY, wasted, worth_asking
from pytest_concurrency.settings import Settings
from pytester_runs import run


def exploration(*switches: tuple[str, str, bool]) -> SimpleNamespace:
    """One whose first run made these switches: (worker, to, whether the worker had ended)."""
    made = [SimpleNamespace(worker=w, to=to, forced=True, ended=ended) for w, to, ended in switches]
    return SimpleNamespace(first=SimpleNamespace(switches=made))


TWO_WORKERS = (("main", "0", False), ("0", "1", True), ("1", "main", True))


@pytest.mark.parametrize(
    ("busy", "switches", "asked"),
    [
        pytest.param(2.5 * HEAVY, TWO_WORKERS, True, id="both compute"),
        pytest.param(0.5 * HEAVY, TWO_WORKERS, False, id="a unit test"),
        pytest.param(9.0, TWO_WORKERS[:1], False, id="one worker"),
        pytest.param(
            9.0, (("main", "0", False), ("0", "1", False), ("1", "0", True)), False, id="one waits for another"
        ),
    ],
)
def test_only_workers_that_compute_for_long_are_measured(busy, switches, asked):
    assert worth_asking(exploration(*switches), SimpleNamespace(busy_seconds=busy)) is asked


def measurement(cpu: float, wall_together: float, profile: Profile, repeats: int = 1) -> Measurement:
    alone = Usage(wall=cpu, cpu=cpu, delay=0.0)
    together = Usage(wall=wall_together, cpu=cpu, delay=0.0)
    rounds = (Round((together, together), wall_together, 1.0),) * 3
    return Measurement(2, True, repeats, (alone, alone), rounds, profile)


GIL = Profile(samples=100, gil_queue=0.9, locks=())
LOCKED = Profile(100, 0.0, (LockUse("lock", 1.0, 1.0, ("test_it.py", 4), ("test_it.py", 2)),))


@pytest.mark.parametrize(
    ("measured", "codes", "rows"),
    [
        pytest.param(measurement(0.4, 0.8, GIL), ["CH201"], 1, id="the GIL"),
        pytest.param(measurement(0.4, 0.8, LOCKED), ["CH202"], 1, id="a lock"),
        pytest.param(measurement(0.4, 0.4, GIL), [], 1, id="they help"),
        pytest.param(measurement(0.4, 0.8, GIL, repeats=7), [], 0, id="only long when repeated"),
        pytest.param(measurement(0.5 * HEAVY, HEAVY, GIL), [], 0, id="short without the hooks"),
        pytest.param(None, [], 0, id="not measured"),
    ],
)
def test_what_is_made_of_a_measurement(measured, codes, rows):
    program = SimpleNamespace(measured=lambda seconds: measured)
    findings, row = wasted(program, Settings(), Path.cwd())
    assert [finding.code for finding in findings] == codes
    assert len(row or {}) == rows
    assert wasted(program, Settings(ignore=frozenset(codes)), Path.cwd())[0] == ()


def test_the_workers_of_the_test_are_what_is_measured(pytester):
    source = """
    import threading
    import pytest
    from pytest_concurrency.runners.threads import exploring

    def measured(program, settings, root):
        measurement = program.measured(1.0)
        print("MEASURED", measurement.workers, measurement.repeats > 1, measurement.error)
        return (), None

    @pytest.fixture(autouse=True)
    def ask(monkeypatch):
        monkeypatch.setattr(exploring, "worth_asking", lambda exploration, program: True)
        monkeypatch.setattr(exploring, "wasted", measured)

    def body():
        return sum(range(100))

    def test_runner(thread_runner):
        results = thread_runner.run(body, body, body)
        assert len(results) == 3

    @pytest.mark.stress_threads(workers=4)
    def test_marker():
        body()
    """
    result = run(pytester, source, "-s", "--concurrency-schedules=3")
    result.result.assert_outcomes(passed=2)
    assert "MEASURED 3 True None" in result.text
    assert "MEASURED 4 True None" in result.text


def test_fixtures_do_not_see_how_often_the_workers_were_measured(pytester):
    source = """
    import pytest
    from pytest_concurrency.runners.threads import exploring

    @pytest.fixture(autouse=True, scope="module")
    def ask():
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setattr(exploring, "worth_asking", lambda exploration, program: True)
            yield

    @pytest.fixture
    def calls():
        seen = []
        yield seen
        assert len(seen) == 2

    @pytest.mark.stress_threads
    def test_marker(calls):
        calls.append(1)

    def test_runner(thread_runner, calls):
        thread_runner.run(lambda: calls.append(1), lambda: calls.append(1))
        assert len(calls) == 2
    """
    run(pytester, source, "--concurrency-schedules=3").result.assert_outcomes(passed=2)
