"""The pytest plugin: options, markers, fixtures, and who runs which test. Thin: the work is in the runners."""

from __future__ import annotations

import importlib
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .runners.base import WorkerRunner

MARKER_HELP = {
    "stress_threads": "stress_threads(workers=2, schedules=200, max_seconds=5.0, strategy='auto', ...): "
    "run the body on threads under many schedules",
    "stress_processes": "stress_processes(workers=2, schedules=200, repeats=10, start_method=None, ...): "
    "run the body in several processes at once, under many schedules",
    "stress_greenlets": "stress_greenlets(workers=2, repeats=10, max_block=0.010, patch='early', ...): "
    "run the body in greenlets and report what blocks them",
    "parallelism": "parallelism(workers=4, min_speedup=None, max_seconds=5.0, ...): "
    "measure the body alone and on several threads, and say whether that helps",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    from .settings import add_options

    add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    from . import newhooks

    pluginmanager.add_hookspecs(newhooks)


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    if config.option.concurrency_hazards:
        from .hazards import render_catalogue

        print(render_catalogue())
        return 0
    return None


def pytest_configure(config: pytest.Config) -> None:
    from .report.sink import Sink
    from .settings import check_config

    for line in MARKER_HELP.values():
        config.addinivalue_line("markers", line)
    check_config(config)
    if config.option.concurrency_baseline is not None or config.option.concurrency_update_baseline:
        from .report.baseline import configure

        configure(config)
    config.pluginmanager.register(Sink(config), "concurrency-report")
    if not config.pluginmanager.has_plugin("concurrency-greenlet-worker"):
        from .runners.greenlets.guard import Guard

        guard = Guard()
        guard.install()
        config.add_cleanup(guard.remove)
        config.pluginmanager.register(guard, "concurrency-greenlet-guard")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kinds: set[str] = set()
    everything = config.option.stress_threads is not None
    for item in items:
        if everything or _wanted(item):
            from .runners.planning import plan_item

            kinds.update(plan_item(item, config))
    if config.option.concurrency_replay is not None:
        from .runners.planning import select_replayed

        select_replayed(items, config)
    for kind in sorted(kinds):
        name = f"concurrency-{kind}"
        if not config.pluginmanager.has_plugin(name):
            module = importlib.import_module(f".runners.{kind}", __package__)
            config.pluginmanager.register(module.create_plugin(config), name)


def _wanted(item: pytest.Item) -> bool:
    names: Any = getattr(item, "fixturenames", ())
    if "thread_runner" in names or "process_runner" in names or "greenlet_runner" in names:
        return True
    keywords = item.keywords
    return any(marker in keywords for marker in MARKER_HELP)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "call":
        from .runners.base import RESULT

        result = item.stash.get(RESULT, None)
        if result is not None:
            from .report.sink import attach

            attach(item, report, result)
    return report


@pytest.fixture
def thread_runner(request: pytest.FixtureRequest) -> Iterator[WorkerRunner]:
    """Run callables on threads at once; the whole test is re-run under every schedule."""
    yield _runner(request)


@pytest.fixture
def process_runner(request: pytest.FixtureRequest) -> Iterator[WorkerRunner]:
    """Run callables in processes at once."""
    yield _runner(request)


@pytest.fixture
def greenlet_runner(request: pytest.FixtureRequest) -> Iterator[WorkerRunner]:
    """Run callables in greenlets at once, in a process that gevent has patched."""
    yield _runner(request)


def _runner(request: pytest.FixtureRequest) -> WorkerRunner:
    from .runners.base import ACTIVE_RUNNER

    runner: WorkerRunner | None = request.node.stash.get(ACTIVE_RUNNER, None)
    if runner is None:
        raise pytest.UsageError(f"{request.node.nodeid}: {request.fixturename} works in test functions only.")
    return runner
