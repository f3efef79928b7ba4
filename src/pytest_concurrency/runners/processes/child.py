"""What runs in a worker process: wait at the barrier, call the function, report."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import pickle
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from ...model import Finding
from ...watch import error_not_fetched, stacks, state_not_shared  # noqa: F401 - before the fork, not after it
from ...watch.lost_update import SharedAccess
from ...watch.pickling import describe_culprit
from ...watch.stray import end_if_stray
from ...watch.watch import Watch, WatchPlan
from .bootstrap import Imports, make_config
from .interrupts import let_in
from .outcome import RETURNED, WorkerReport
from .represent import report_failure

INTERRUPTED = 130


@dataclass(frozen=True)
class Job:
    """Everything a worker needs. ``imports`` stands first: unpickling it imports the module that the rest is from."""

    imports: Imports
    index: int
    function: Callable[..., Any]
    kwargs: Mapping[str, Any]
    directory: str
    redirect: bool
    timeout: float
    rootdir: str
    watch: WatchPlan | None = None


def output_path(directory: str, index: int) -> Path:
    """Return the file that takes the standard output and error of worker ``index``."""
    return Path(directory, f"worker-{index}.out")


def work(
    imports: Imports,
    job: Job,
    channel: Connection[Any, Any],
    gate: Connection[Any, Any],
    parent_ends: tuple[Connection[Any, Any], ...],
    config: pytest.Config | None,
) -> None:
    """Run ``job``: the target of a worker process.

    ``parent_ends`` and ``config`` are given to forked workers only: pipe ends to close, and the session's config.
    """
    if config is not None:
        let_in()
    for end in parent_ends:
        end.close()
    if config is not None:
        gc.freeze()  # a collection would touch, and so copy, every page that is shared with the parent
    stream = stacks.arm(job.directory)
    if stream is not None:
        stacks.record_own_end(stream)
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if job.redirect:
        _redirect(output_path(job.directory, job.index))
    if config is None:
        config = make_config(imports)
    tempfile.tempdir = None
    try:
        channel.send_bytes(b"ready")
        if gate.poll(job.timeout):
            with contextlib.suppress(EOFError):
                gate.recv_bytes()
        report = _run(job, config)
        channel.send_bytes(pickle.dumps(report))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:
        channel.close()
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()


def _run(job: Job, config: pytest.Config) -> WorkerReport:
    if job.watch is None:
        value, error = _call(job)
        return _report(job, config, value, error, ())
    watch = Watch(job.watch, str(job.index), job.function)
    try:
        with watch:
            value, error = _call(job)
            end_if_stray(watch, error)
        watch.settle(error)
        findings = watch.judge(error)
    finally:
        watch.close()
    return _report(job, config, value, error, findings)


def _call(job: Job) -> tuple[Any, BaseException | None]:
    access = SharedAccess(job.directory, job.rootdir, str(job.index), pauses=job.index == 0)
    access.install()
    try:
        return job.function(**job.kwargs), None
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return None, error
    finally:
        access.remove()


def _report(
    job: Job, config: pytest.Config, value: Any, error: BaseException | None, findings: tuple[Finding, ...]
) -> WorkerReport:
    if error is not None:
        return report_failure(error, job.function, config, findings)
    try:
        return WorkerReport(RETURNED, value=pickle.dumps(value), findings=findings)
    except Exception:
        return WorkerReport(RETURNED, unpicklable=describe_culprit(value, "result"), findings=findings)


def _redirect(path: Path) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)
    sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb", closefd=False), "utf-8", "replace", line_buffering=True)
    sys.stderr = io.TextIOWrapper(os.fdopen(2, "wb", closefd=False), "utf-8", "replace", line_buffering=True)
