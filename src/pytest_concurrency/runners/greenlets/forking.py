"""``isolation="fork"``: one test in a fresh fork of the worker process, which stays as it was."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from ...realtime import RealTime
from .channel import Channel
from .handover import save_coverage_of_fork
from .originals import primitive

GRACE = 2.0  # seconds that a fork has to tear down after Ctrl-C


def run_in_fork(session: pytest.Session, item: pytest.Item, channel: Channel) -> None:
    """Run ``item`` in a fork, which sends its reports on ``channel`` itself, and wait for it.

    Fixtures of wider scope that the worker has not set up yet are set up and torn down in the fork.
    """
    import gevent.os

    active = list(session._setupstate.stack)
    sys.stdout.flush()
    sys.stderr.flush()
    child = gevent.os.fork()  # the child gets a hub that works
    if child == 0:
        _in_child(item, active[-1] if active else None, channel)
    waitpid: Callable[[int, int], tuple[int, int]] = primitive("os", "waitpid")
    try:
        _, status = waitpid(child, 0)
    except BaseException:
        _end(child, waitpid)
        raise
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit status {code}"
        channel.send("died", f"the fork of the greenlet worker {how}")


def _in_child(item: pytest.Item, keep: Any, channel: Channel) -> None:
    code = 1
    try:
        item.ihook.pytest_runtest_protocol(item=item, nextitem=keep)
        save_coverage_of_fork()
        channel.send("done")
        code = 0
    except KeyboardInterrupt:
        with suppress(BaseException):
            item.session._setupstate.teardown_exact(keep)
    except pytest.exit.Exception as error:
        channel.send("exit", str(error))
        code = 0
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)


def _end(child: int, waitpid: Callable[[int, int], tuple[int, int]]) -> None:
    with suppress(OSError):
        os.kill(child, signal.SIGINT)
        deadline = RealTime.monotonic() + GRACE
        sleep = primitive("time", "sleep")
        while waitpid(child, os.WNOHANG)[0] == 0:
            if RealTime.monotonic() > deadline:
                os.kill(child, signal.SIGKILL)
                waitpid(child, 0)
                return
            sleep(0.02)
