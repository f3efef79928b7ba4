"""What the worker process is told about the session: pytest's configuration as pytest-xdist hands it over.

The worker parses the same arguments in the same directory and then has ``config.workerinput``, so that every plugin
that knows pytest-xdist's workers leaves reports and caches to the process above.
"""

from __future__ import annotations

import glob
import os
import pickle
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from ...report.width import INPUT, columns


@dataclass(frozen=True, slots=True)
class Handover:
    """One worker process's instructions; travels pickled.

    ``patch`` is "early", "app", "late" or "none". ``coverage`` holds the arguments of the ``coverage.Coverage`` to
    measure with, None where nothing is measured.
    """

    args: tuple[str, ...]
    directory: str
    basetemp: str
    patch: str
    workerinput: Mapping[str, Any]
    crash_file: str
    coverage: Mapping[str, Any] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def hand_over(config: pytest.Config, patch: str, number: int, scratch: str) -> Handover:
    """Return the instructions for worker process ``number`` of this session; ``scratch`` is a directory of its own."""
    params = config.invocation_params
    args = tuple(str(argument) for argument in params.args)
    if config.pluginmanager.hasplugin("pytest_cov"):
        args += ("--no-cov",)
    return Handover(
        args=args,
        directory=str(params.dir),
        basetemp=os.path.join(scratch, "tmp"),
        patch=patch,
        workerinput=_workerinput(config, number),
        crash_file=os.path.join(scratch, "stacks.txt"),
        coverage=_coverage(scratch),
    )


def _workerinput(config: pytest.Config, number: int) -> Mapping[str, Any]:
    above: Mapping[str, Any] = getattr(config, "workerinput", {})
    values: dict[str, Any] = {
        "testrunuid": f"greenlets-{os.getpid()}",
        "workercount": 1,
        "mainargv": list(sys.argv) or ["pytest"],
        **above,
        "workerid": f"{above.get('workerid', '')}gr{number}",
        INPUT: columns(config),
    }
    values = {**_told_by_plugins(config), **values}
    seed = getattr(config.option, "randomly_seed", None)
    if seed is not None:
        values["randomly_seed"] = seed
    return {key: value for key, value in values.items() if _travels(value)}


class _Node:
    """What plugins are handed that tell a worker of pytest-xdist something."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.workerinput: dict[str, Any] = {}


def _told_by_plugins(config: pytest.Config) -> Mapping[str, Any]:
    """Return what plugins tell the workers of pytest-xdist, and look for where ``config.workerinput`` is."""
    if not hasattr(config.hook, "pytest_configure_node"):
        return {}
    node = _Node(config)
    for implementation in config.hook.pytest_configure_node.get_hookimpls():
        try:
            implementation.function(*[node for _ in implementation.argnames])
        except Exception:  # it wants more than there is, such as the gateway to another machine
            continue
    return node.workerinput


def _travels(value: object) -> bool:
    try:
        pickle.dumps(value)
    except Exception:
        return False
    return True


def _coverage(scratch: str) -> Mapping[str, Any] | None:
    """Return the arguments of a Coverage like the one that is measuring this process, None where none is."""
    if "coverage" not in sys.modules:
        return None
    import coverage

    current = coverage.Coverage.current()
    if current is None:
        return None
    return {
        "data_file": os.path.join(scratch, "coverage"),
        "config_file": getattr(current.config, "config_file", None) or False,
        "branch": current.get_option("run:branch"),
        "source": current.get_option("run:source"),
        "include": current.get_option("run:include"),
        "omit": current.get_option("run:omit"),
    }


def merge_coverage(data_file: str) -> None:
    """Add what a worker and its forks measured to the measurement of this process."""
    import coverage

    current = coverage.Coverage.current()
    if current is None:
        return
    for path in glob.glob(f"{glob.escape(data_file)}*"):
        measured = coverage.CoverageData(path)
        measured.read()
        current.get_data().update(measured)


def save_coverage_of_fork() -> None:
    """In a forked child: write what it measured to a file of its own beside the worker's."""
    if "coverage" not in sys.modules:
        return
    import coverage

    current = coverage.Coverage.current()
    if current is not None:
        current.stop()
        measured = current.get_data()
        own = coverage.CoverageData(f"{current.get_option('run:data_file')}.{os.getpid()}")
        own.update(measured)
        own.write()
