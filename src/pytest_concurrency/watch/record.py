"""What a watch records while the body runs: plain events, read by the detectors afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..model import Finding, Location


@dataclass(frozen=True, slots=True)
class Site:
    """A line of the code under test: ``path`` relative to the rootdir, ``text`` the expression or the line, ``end``
    line and column behind the call that it is in the middle of, where they are known."""

    path: str
    line: int
    function: str = ""
    text: str = ""
    end: tuple[int, int] | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.path else "an unknown line"

    def location(self, action: str, target: str, value: str = "", worker: str = "0") -> Location:
        return Location(self.path, self.line, worker, action, target, value)


NOWHERE = Site("", 0)


@dataclass(frozen=True, slots=True)
class ProcessStarted:
    """A process was started.

    ``owner`` is "" or what it works for ("Pool", "ProcessPoolExecutor", "Manager", "runner", "os.fork", "subprocess");
    ``created_here``: its object, or its owner, was made while the body ran; ``passed``: functions among its arguments;
    ``by_default``: nobody asked for its start method, it is Python's default.
    """

    pid: int
    name: str
    method: str
    daemon: bool
    site: Site
    created_here: bool
    owner: str = ""
    target: Any = None
    passed: tuple[Any, ...] = ()
    by_default: bool = False


@dataclass(frozen=True, slots=True)
class TargetCalled:
    """``target=`` (or the task of a pool) was given the result ``value`` of the call ``expression``."""

    site: Site
    expression: str
    callee: str
    value: str
    what: str


@dataclass(slots=True)
class TaskFailed:
    """A task of a pool ended in an error; ``seen`` becomes true when somebody looks at it."""

    owner: int
    what: str
    site: Site
    error: BaseException
    trace: str
    seen: bool = False


@dataclass(frozen=True, slots=True)
class PickleFailed:
    """Something could not be pickled on its way to another process.

    ``culprit`` is the path to the part that cannot, ``lost`` whether the item was dropped without anybody being told.
    ``arrived``: it was pickled, and could not be rebuilt in this process.
    """

    site: Site
    carrier: str
    culprit: str
    error: str
    lost: bool = False
    exception: BaseException | None = None
    arrived: bool = False


@dataclass(frozen=True, slots=True)
class HeldLock:
    """A lock that was held while the process was forked."""

    name: str
    kind: str
    holder: str
    site: Site


@dataclass(frozen=True, slots=True)
class RunningThread:
    """A thread of the code under test that ran while the process was forked."""

    name: str
    site: Site


@dataclass(frozen=True, slots=True)
class Forked:
    """The process was forked while other threads ran, or locks were held."""

    site: Site
    threads: tuple[RunningThread, ...]
    locks: tuple[HeldLock, ...]


@dataclass(frozen=True, slots=True)
class JoinedOpenPool:
    """``Pool.join()`` was called on a pool that was neither closed nor terminated."""

    site: Site
    exception: BaseException


@dataclass(frozen=True, slots=True)
class Terminated:
    """A process was ended by force."""

    pid: int
    name: str
    site: Site
    how: str


@dataclass(frozen=True, slots=True)
class ChildDied:
    """A child process died of an exception, raised last at ``path:line`` of the project.

    ``told``: its own code had caught it and done something about it; ``when`` is in seconds of the real monotonic
    clock; ``during`` is what it was doing if that was not its work; ``lost_peer``: whom it was connected to was gone.
    """

    pid: int
    error: str
    text: str
    trace: str
    path: str
    line: int
    told: bool
    when: float
    during: str = ""
    lost_peer: bool = False


@dataclass(frozen=True, slots=True)
class CopyChanged:
    """The statement ``expression`` changed a copy, of that ``kind``, of what a manager holds, and dropped it."""

    site: Site
    expression: str
    kind: str


@dataclass(frozen=True, slots=True)
class MemoryLeft:
    """Shared memory of that name, made at ``site``, is there still though no object leads to it any more."""

    name: str
    site: Site


@dataclass(frozen=True, slots=True)
class GlobalChanged:
    """A child changed a global: its values as short texts before and after, and what decides whether they are equal."""

    pid: int
    process: str
    module: str
    name: str
    before: str
    after: str
    digest: str
    before_digest: str = ""
    generator: bool = False


@dataclass(frozen=True, slots=True)
class Orphan:
    """A process that was still running when the test had ended."""

    pid: int
    name: str
    command: str
    site: Site
    parent: int
    stack: str
    daemon: bool = False


@dataclass(frozen=True, slots=True)
class Stuck:
    """One process of a hang: its stacks, and what is known about what it waits for."""

    pid: int
    name: str
    stack: str
    facts: tuple[str, ...] = ()
    is_body: bool = False


@dataclass(slots=True)
class Record:
    """Everything that one watch has seen.

    ``asked_about`` are the ids of processes of which somebody has asked how they ended, or has heard that they have;
    ``end_met``: somebody read from a pipe to its end.
    """

    started: list[ProcessStarted] = field(default_factory=list)
    called: list[TargetCalled] = field(default_factory=list)
    failed: list[TaskFailed] = field(default_factory=list)
    unpicklable: list[PickleFailed] = field(default_factory=list)
    forked: list[Forked] = field(default_factory=list)
    joined_open: list[JoinedOpenPool] = field(default_factory=list)
    terminated: list[Terminated] = field(default_factory=list)
    died: list[ChildDied] = field(default_factory=list)
    asked_about: set[int] = field(default_factory=set)
    end_met: bool = False
    copies: list[CopyChanged] = field(default_factory=list)
    changed: list[GlobalChanged] = field(default_factory=list)
    orphans: list[Orphan] = field(default_factory=list)
    stuck: list[Stuck] = field(default_factory=list)
    unfinished: list[Stuck] = field(default_factory=list)
    memory_left: list[MemoryLeft] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)
    lost: list[Finding] = field(default_factory=list)
    tasks: list[Any] = field(default_factory=list)
