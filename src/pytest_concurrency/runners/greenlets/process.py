"""One worker process, seen from pytest's process: start it, talk to it, end it so that nothing stays."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from typing import Any

import pytest

from ...state import STATE
from .channel import Channel, Closed, Expired
from .handover import hand_over, merge_coverage

START_TIMEOUT = 60.0  # seconds until the worker must have reported that it is ready
STOP_TIMEOUT = 10.0  # seconds for the last teardown of wider fixtures
_PROGRAM = (
    "import sys; sys.path[:] = {path!r}; from pytest_concurrency.runners.greenlets.bootstrap import main; "
    "main({incoming}, {outgoing})"
)


class WorkerDied(Exception):
    """The worker process ended, did not start or was given up; the text says how.

    ``result`` is what it had found until then (a test object of the JSON report), None where it said nothing.
    """

    def __init__(self, text: str, result: dict[str, Any] | None = None) -> None:
        super().__init__(text)
        self.result = result


class WorkerProcess:
    """A worker process in a session of its own, so that Ctrl-C reaches it only through us and its children end with it.

    ``patch`` says when gevent patches there; ``number`` tells it from the other workers of this session.
    """

    def __init__(self, config: pytest.Config, patch: str, number: int) -> None:
        self.scratch = tempfile.mkdtemp(prefix="pytest-concurrency-")
        self._handover = hand_over(config, patch, number, self.scratch)
        from_worker, worker_out = os.pipe()
        worker_in, to_worker = os.pipe()
        self.channel = Channel(from_worker, to_worker)
        program = _PROGRAM.format(path=list(sys.path), incoming=worker_in, outgoing=worker_out)
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            self.process = subprocess.Popen(
                [sys.executable, *_interpreter_flags(), "-c", program],
                cwd=self._handover.directory,
                stdin=subprocess.DEVNULL,
                pass_fds=(worker_in, worker_out),
                start_new_session=True,
            )
        except BaseException:
            self.channel.close()
            shutil.rmtree(self.scratch, ignore_errors=True)
            raise
        finally:
            os.close(worker_in)
            os.close(worker_out)
        STATE.own_processes.add(self.process.pid)
        try:
            self.channel.send(f"start:{patch}", pickle.dumps(self._handover))
            self._expect_ready()
        except BaseException:
            self.kill()
            raise

    def _expect_ready(self) -> None:
        try:
            name, *rest = self.channel.receive(START_TIMEOUT)
        except Expired:
            raise WorkerDied(f"the greenlet worker was not ready after {START_TIMEOUT:.0f} s") from None
        except Closed:
            raise WorkerDied(f"the greenlet worker did not start: {self.how_it_ended()}") from None
        if name != "ready":
            raise WorkerDied(f"the greenlet worker did not start:\n{rest[0] if rest else name}")

    def send(self, *message: Any) -> None:
        """Send a command; raise :class:`WorkerDied`."""
        try:
            self.channel.send(*message)
        except Closed:
            raise WorkerDied(f"the greenlet worker {self.how_it_ended()}") from None

    def receive(self, timeout: float | None) -> tuple[Any, ...]:
        """Return the next message (``timeout`` in seconds); raise :class:`Expired` or :class:`WorkerDied`."""
        try:
            return self.channel.receive(timeout)
        except Closed:
            raise WorkerDied(f"the greenlet worker {self.how_it_ended()}") from None

    def how_it_ended(self) -> str:
        """Return how the process ended in a few words; wait a moment for it."""
        try:
            code = self.process.wait(2.0)
        except subprocess.TimeoutExpired:
            return "closed its channel"
        if code < 0:
            try:
                return f"was killed by {signal.Signals(-code).name}"
            except ValueError:
                return f"was killed by signal {-code}"
        return f"ended with exit status {code}"

    def stacks(self) -> str:
        """Return the Python stacks of the worker, also when a C call there never gives the interpreter back."""
        path = self._handover.crash_file
        try:
            os.kill(self.process.pid, signal.SIGUSR2)
            self.process.wait(0.5)
        except (subprocess.TimeoutExpired, OSError):
            pass
        try:
            with open(path, encoding="utf-8", errors="replace") as stream:
                return stream.read()
        except OSError:
            return ""

    def stop(self) -> None:
        """End the worker in good order: its wider fixtures are torn down, its coverage is merged."""
        try:
            self.channel.send("quit")
            while True:
                if self.channel.receive(STOP_TIMEOUT)[0] == "finished":
                    break
            self.process.wait(STOP_TIMEOUT)
        except (Closed, Expired, subprocess.TimeoutExpired):
            pass
        finally:
            try:
                if self._handover.coverage is not None:
                    merge_coverage(self._handover.coverage["data_file"])
            finally:
                self.kill()

    def interrupt(self, grace: float = 3.0) -> None:
        """Hand Ctrl-C on: the worker tears its fixtures down for at most ``grace`` seconds, then it is killed."""
        try:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(grace)
        except (OSError, subprocess.TimeoutExpired):
            pass
        finally:
            self.kill()

    def kill(self) -> None:
        """End the worker and every process it started that is still in its session."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_TIMEOUT)
        STATE.own_processes.discard(self.process.pid)
        self.channel.close()
        shutil.rmtree(self.scratch, ignore_errors=True)


def _interpreter_flags() -> list[str]:
    flags = ["-" + "O" * sys.flags.optimize] if sys.flags.optimize else []
    if sys.flags.dont_write_bytecode:
        flags.append("-B")
    if sys.flags.dev_mode:
        flags += ["-X", "dev"]
    return flags
