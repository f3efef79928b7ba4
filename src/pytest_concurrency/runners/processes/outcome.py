"""What a worker process sends back, and what the parent makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...model import Finding

RETURNED = "returned"
RAISED = "raised"
SKIPPED = "skipped"
DIED = "died"
HUNG = "hung"


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """What a worker sends through its pipe: plain data only, so that it can always be pickled.

    ``value`` and ``exception`` are pickles (None where there is none, or where they cannot travel); ``longrepr`` is
    pytest's own serialised report of the failure, ``text`` the same as plain text; ``unpicklable`` says which part of
    the return value cannot be pickled.
    """

    status: str
    value: bytes | None = None
    exception: bytes | None = None
    longrepr: dict[str, Any] | None = None
    text: str = ""
    summary: str = ""
    unpicklable: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one worker ended, as the parent knows it.

    ``exitcode`` is as in :attr:`multiprocessing.Process.exitcode` (negative: a signal), ``stack`` the last Python stack
    of a worker that died or hung, ``output`` what it wrote to its standard output and error, ``moving`` whether a
    worker that did not end was still getting on, ``raised_at`` path and line of its error.
    """

    index: int
    status: str
    exitcode: int | None
    report: WorkerReport | None
    stack: str = ""
    output: str = ""
    pid: int = 0
    moving: bool = False
    raised_at: tuple[str, int] = ("", 0)

    @property
    def failed(self) -> bool:
        return self.status in (RAISED, DIED, HUNG)

    def describe(self, timeout: float) -> str:
        """Return what happened to this worker: the failure's text, or status, last stack and output."""
        if self.status == RAISED and self.report is not None:
            head = f"worker {self.index} (process {self.pid}) raised:\n{self.report.text}"
        elif self.status == HUNG:
            done = "had finished its work but did not end" if self.report is not None else "was still running"
            head = f"worker {self.index} (process {self.pid}) {done} after {timeout:g} s and was killed"
        else:
            ended = how_it_ended(self.exitcode)
            head = f"worker {self.index} (process {self.pid}) {ended} before its work was done"
        parts = [head]
        if self.stack:
            parts.append(f"last stack of worker {self.index}:\n{self.stack.rstrip()}")
        if self.output:
            parts.append(f"output of worker {self.index}:\n{self.output.rstrip()}")
        return "\n".join(parts)


def how_it_ended(exitcode: int | None) -> str:
    """Return "exited with status N" or "was killed by SIGNAME" for an exit code of multiprocessing."""
    import signal

    if exitcode is None:
        return "ended with an unknown status"
    if exitcode >= 0:
        return f"exited with status {exitcode}"
    try:
        return f"was killed by {signal.Signals(-exitcode).name}"
    except ValueError:
        return f"was killed by signal {-exitcode}"


class WorkerDied(RuntimeError):
    """A worker process ended before its work was done; the message holds status, last stack and output."""


class WorkerHung(RuntimeError):
    """A worker process did not end in time and was killed; the message holds its stack and output."""


class RemoteError(RuntimeError):
    """Stands for an exception of a worker that cannot be pickled; the message holds its traceback."""
