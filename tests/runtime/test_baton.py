"""The baton of a run after the watchdog has taken it from a worker that was only slow."""

from __future__ import annotations

from pytest_concurrency.runtime.execution import Execution
from pytest_concurrency.runtime.lifecycle import spawn
from pytest_concurrency.runtime.outside_calls import has_baton
from pytest_concurrency.runtime.worker import Worker
from pytest_concurrency.state import STATE
from pytest_concurrency.strategies.serial import Serial


def _run_with_two() -> tuple[Execution, Worker, Worker]:
    run = Execution(Serial())
    run.workers.append(run.main)
    return run, run.main, spawn(run, run.main)


def test_a_slow_worker_does_not_hand_on_a_baton_that_it_has_lost() -> None:
    run, slow, other = _run_with_two()
    run.current = other
    slow.external = True
    assert not has_baton(run, slow)
    assert not slow.external, "it can be chosen again"
    assert run.current is other


def test_a_slow_worker_takes_an_idle_baton_back() -> None:
    run, slow, _ = _run_with_two()
    slow.external = run.idle = True
    try:
        assert has_baton(run, slow)
        assert run.current is slow
        assert not run.idle
        assert not slow.external
    finally:
        STATE.worker, STATE.ident = None, 0
