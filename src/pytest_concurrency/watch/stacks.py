"""The Python stacks of other processes, on demand and at the moment of death."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import time
from pathlib import Path
from typing import IO

from ..realtime import RealTime

# A real-time signal where there are any: nothing else in Python uses one.
DUMP_SIGNAL: int = (
    int(getattr(signal, "SIGRTMAX", 0)) - 3 if hasattr(signal, "SIGRTMAX") else int(getattr(signal, "SIGUSR2", 0))
)
_WAIT = 0.5
_PACKAGE = f'"{Path(__file__).resolve().parents[1]}{os.sep}'


def stack_path(directory: str, pid: int) -> Path:
    """Return the file in which the process ``pid`` leaves its stacks."""
    return Path(directory, f"{pid}.stack")


def arm(directory: str) -> IO[str] | None:
    """Make this process write the stacks of all its threads when asked, and when it dies of a fatal signal.

    Return the open file, which has to be kept; None where the directory is gone or there is no such signal.
    """
    if not DUMP_SIGNAL:
        return None
    try:
        stream = stack_path(directory, os.getpid()).open("a")
    except OSError:
        return None
    try:
        faulthandler.register(DUMP_SIGNAL, file=stream, all_threads=True, chain=False)
    except (OSError, ValueError, RuntimeError):
        stream.close()
        return None
    return stream


def request(directory: str, pid: int, wait: float = _WAIT) -> str:
    """Ask the process ``pid`` for its stacks and return them; "" if it is not armed or does not answer in time."""
    path = stack_path(directory, pid)
    try:
        before = path.stat().st_size
        os.kill(pid, DUMP_SIGNAL)
    except OSError:
        return ""
    end = RealTime.monotonic() + wait
    size = before
    while RealTime.monotonic() < end:
        time.sleep(0.01)
        try:
            now = path.stat().st_size
        except OSError:
            return ""
        if now > before and now == size:
            break
        size = now
    return read(directory, pid, before)


def read(directory: str, pid: int, start: int = 0) -> str:
    """Return what the process ``pid`` has left in its stack file, from byte ``start`` on."""
    try:
        with stack_path(directory, pid).open(errors="replace") as stream:
            stream.seek(start)
            return trim(stream.read())
    except OSError:
        return ""


def trim(text: str) -> str:
    """Leave out, of each thread's stack, the frames of this plugin, and all that lie outside of the one that began it.

    A forked process still has the frames of the test runner below its own. What the plugin wraps (``value.value``, a
    read from a pipe) lies in the middle.
    """
    kept: list[str] = []
    below = False
    for line in text.splitlines(keepends=True):
        if not line.startswith("  File"):
            below = False
        elif _PACKAGE in line and not _is_wrapper(line) and kept and kept[-1].startswith("  File"):
            below = True  # the first frame of ours below frames of others
        if not below and not (line.startswith("  File") and _PACKAGE in line):
            kept.append(line)
    return "".join(kept)


def _is_wrapper(line: str) -> bool:
    """Say whether a frame is that of a wrapper around a function of the library, and not one that begins something."""
    return f"{os.sep}watch{os.sep}" in line and "probe.py" not in line and not line.rstrip().endswith(" in start")


def record_own_end(stream: IO[str]) -> None:
    """Make ``os._exit`` and a signal that this process sends to itself leave a stack in ``stream`` first.

    For worker processes only: nothing is put back.
    """
    real_exit, real_kill = os._exit, os.kill

    def note(what: str) -> None:
        try:
            stream.write(f"{what}\n")
            stream.flush()
            faulthandler.dump_traceback(file=stream, all_threads=False)
        except (OSError, ValueError):
            pass

    def _exit(status: int) -> None:
        if sys._getframe(1).f_globals.get("__name__") != "multiprocessing.popen_fork":
            note(f"os._exit({status}) was called at:")
        real_exit(status)

    def kill(pid: int, signum: int) -> None:
        if pid == os.getpid() and signum != 0:
            note(f"os.kill({pid}, {int(signum)}) was called at:")
        real_kill(pid, signum)

    os._exit = _exit  # type: ignore[assignment]
    os.kill = kill
    faulthandler.enable(file=stream)
