"""The pytest plugin: options, markers, fixtures, and who runs which test. Thin: the work is in the runners."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from . import realtime  # noqa: F401 - before a test can freeze time

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

WHOLE_SUITE_MARKERS = (
    "thread_unsafe(reason='...'): under --stress-threads the test runs on one worker",
    "parallel_threads(n): under --stress-threads the test runs on n workers (of pytest-run-parallel)",
    "parallel_threads_limit(n): under --stress-threads the test runs on n workers at most (of pytest-run-parallel)",
    "force_parallel_threads(n): under --stress-threads the test runs on n workers (of pytest-run-parallel)",
    "iterations(n): of pytest-run-parallel; has no effect here",
)


MARKER_BEGINS = ("stress", "paralleli")
RUNNERS = frozenset(("thread_runner", "process_runner", "greenlet_runner"))


def pytest_addoption(parser: pytest.Parser) -> None:
    from .options import add_options

    add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    from . import newhooks

    pluginmanager.add_hookspecs(newhooks)


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    if config.option.concurrency_hazards:
        from .extensions import install
        from .hazards import render_catalogue

        install(config, ())
        print(render_catalogue())
        return 0
    return None


def pytest_configure(config: pytest.Config) -> None:
    from .options import given

    for line in (*MARKER_HELP.values(), *WHOLE_SUITE_MARKERS):
        config.addinivalue_line("markers", line)
    hook = config.hook
    if hook.pytest_concurrency_hazards.get_hookimpls() or hook.pytest_concurrency_strategies.get_hookimpls():
        from .extensions import install
        from .options import STRATEGIES

        install(config, STRATEGIES)
    if given(config):
        from .settings import check_config

        check_config(config)
    if config.option.concurrency_baseline is not None or config.option.concurrency_update_baseline:
        from .report.baseline import configure

        configure(config)
    if (
        config.option.concurrency_report
        or config.option.concurrency_baseline
        or getattr(config.option, "dist", "no") != "no"
    ):
        _collect_results(config)
    if config.option.concurrency_shards is not None and not hasattr(config, "workerinput"):
        from .runners.threads.shards import Controller

        config.pluginmanager.register(Controller(config), "concurrency-shards")
    if not config.pluginmanager.has_plugin("concurrency-greenlet-worker"):
        from .runners.greenlets.guard import Guard

        guard = Guard()
        guard.install()
        config.add_cleanup(guard.remove)
        config.pluginmanager.register(guard, "concurrency-greenlet-guard")


def pytest_report_header(config: pytest.Config) -> str | None:
    if config.option.concurrency_shards is not None and getattr(config.option, "dist", "no") == "no":
        return "concurrency: --concurrency-shards has no effect without the workers of pytest-xdist (-n)"
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    from .report.width import note_width
    from .state import note_early_threads

    note_early_threads()
    note_width(session.config)  # before capture hides the terminal, and before pytest-xdist starts its workers


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kinds: set[str] = set()
    _refuse_misspelt(items, config)
    wanted = items if config.option.stress_threads is not None else _marked(items)
    for item in wanted:
        from .runners.planning import plan_item

        kinds.update(plan_item(item, config))
    if config.option.concurrency_replay is not None:
        from .runners.planning import select_replayed

        select_replayed(items, config)
    if kinds:
        _collect_results(config)
    if config.option.concurrency_shards is not None and hasattr(config, "workerinput"):
        from .runners.threads.shards import split
        from .settings import shards_wanted

        split(items, config, shards_wanted(config))
    for kind in sorted(kinds):
        name = f"concurrency-{kind}"
        if not config.pluginmanager.has_plugin(name):
            module = importlib.import_module(f".runners.{kind}", __package__)
            config.pluginmanager.register(module.create_plugin(config), name)


def _refuse_misspelt(items: list[pytest.Item], config: pytest.Config) -> None:
    """Refuse what is nearly a marker of ours and none of anybody's: the test would pass without being stressed."""
    seen: set[Any] = {None}
    for item in items:
        node: Any = item
        marks: list[pytest.Mark] = []
        while node not in seen:
            seen.add(node)
            marks += node.own_markers
            node = node.parent
        for mark in marks:
            if mark.name.startswith(MARKER_BEGINS) and mark.name not in MARKER_HELP:
                from .runners.planning import refuse_misspelt

                bearers = [each for each in items if each.get_closest_marker(mark.name) is not None]
                refuse_misspelt(mark.name, bearers, config, MARKER_HELP)


def _marked(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the items that bear a marker of ours, or whose class or module does, or that ask for a runner."""
    parents: dict[Any, bool] = {None: False}

    def bears_marker(node: Any) -> bool:
        if node not in parents:
            parents[node] = any(mark.name in MARKER_HELP for mark in node.own_markers) or bears_marker(node.parent)
        return parents[node]

    return [
        item
        for item in items
        if bears_marker(item.parent)
        or any(mark.name in MARKER_HELP for mark in item.own_markers)
        or not RUNNERS.isdisjoint(getattr(item, "fixturenames", ()))
    ]


def _collect_results(config: pytest.Config) -> None:
    if not config.pluginmanager.has_plugin("concurrency-report"):
        from .report.sink import Sink

        config.pluginmanager.register(Sink(config), "concurrency-report")


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
        what = f"{request.node.nodeid}: {request.fixturename} decides how a test is run, before it runs"
        pytest.fail(f"{what}: name it among the arguments of a test function or of its fixtures.", pytrace=False)
    return runner
