"""The watch over one run of a test's body: records what its processes do, ends what is left, and judges."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import types
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..model import Finding
from ..realtime import RealTime
from ..state import STATE
from . import hook_fork, hook_pickle, hook_pool, hook_process, memory_left, stacks, tree
from .copies import Copies
from .deadline import PATIENCE, BodyHung, Deadline
from .deadlock import Suspicion
from .deaths import read_deaths
from .hang_facts import gather
from .judging import judge
from .patching import Patches
from .probe import Probe
from .record import CopyChanged, Record, Site
from .settling import settle
from .sites import is_own

_SURE = 4.0
"""Seconds beyond the limit that it may take to see that nothing moves, however short the limit is."""


@dataclass(frozen=True, slots=True)
class WatchPlan:
    """How to watch: ``rootdir`` of the project, ``timeout`` in seconds for the body (None: bounded by others).

    ``in_worker``: the body is one of several that run at once; what it waits for may come from the others.
    ``scratch`` is the directory in which the watch makes its own, None the system's: a worker that is killed leaves
    nothing where others remove ``scratch``.
    """

    rootdir: str
    timeout: float | None = None
    in_worker: bool = False
    scratch: str | None = None


class Watch:
    """Context manager around the body; afterwards :meth:`settle`, then :meth:`judge`, then :meth:`close`."""

    def __init__(self, plan: WatchPlan, worker: str = "0", body: Callable[..., Any] | None = None) -> None:
        self.plan = plan
        self.worker = worker
        self.body = body
        self.record = Record()
        self.recording = False
        self._directory = ""
        self.pid = 0
        self.ended_at = 0.0
        self.processes: weakref.WeakSet[Any] = weakref.WeakSet()
        self.pools: weakref.WeakSet[Any] = weakref.WeakSet()
        self.pipes: list[tuple[int, int, Site]] = []
        self.futures: list[tuple[Any, Site, int]] = []
        self.segments: list[memory_left.Segment] = []
        self.put_sites: dict[int, Site] = {}
        self.joiners: list[Any] = []  # what makes the end of this process wait for the feeders of its queues
        self.map_group = 0
        self.child_probe: Probe | None = None
        self.raw_fork: int | None = None
        self.raw_forks: list[tuple[Site, types.CodeType]] = []
        self.inherited: frozenset[int] = frozenset()
        self._patches = Patches()
        self._deadline: Deadline | None = None
        self._previous: Watch | None = None

    def __enter__(self) -> Watch:
        self.pid = os.getpid()
        self.inherited = frozenset(tree.descendants())
        self._subreaper = tree.adopt_orphans(True)
        hook_fork.install()
        try:
            hook_process.install(self, self._patches)
            hook_pool.install(self, self._patches)
            hook_pickle.install(self, self._patches)
            memory_left.install(self, self._patches)
            Copies(self.plan.rootdir, self._patches).install(self._note_copy)
        except BaseException:
            self._patches.undo()
            raise
        self._previous, STATE.watch = STATE.watch, self
        self.recording = True
        if self.plan.timeout is not None:
            self._suspicion = Suspicion(self)
            self._movement = tree.Movement()
            self._deadline = Deadline(self.plan.timeout, self._look_for_hang)
            self._deadline.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        if os.getpid() != self.pid:
            return  # a forked child that ran on out of the body: the caller ends it
        if self._deadline is not None:
            self._deadline.__exit__()
        self.recording = False
        hook_process.note_collected(self)
        self.ended_at = RealTime.monotonic()
        STATE.watch = self._previous
        self._patches.undo()

    def leave_to_parent(self) -> None:
        """Stop recording in a forked child: the record belongs to the parent."""
        self.recording = False
        if self._deadline is not None:
            import signal

            with contextlib.suppress(ValueError):
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
        self._stream = stacks.arm(self.directory)

    @property
    def directory(self) -> str:
        """The directory in which children leave their files; made when the first child is about to start."""
        if not self._directory:
            self._directory = tempfile.mkdtemp(prefix="pytest-concurrency-", dir=self.plan.scratch)
        return self._directory

    def files(self, pattern: str) -> list[Path]:
        """Return the files that children have left, sorted by name."""
        return sorted(Path(self._directory).glob(pattern)) if self._directory else []

    def is_from_body(self, frame: types.FrameType | None) -> bool:
        """Return whether code of the project called the patched function itself, no library in between."""
        return frame is not None and is_own(frame.f_code.co_filename, self.plan.rootdir)

    @property
    def hung(self) -> bool:
        return bool(self._deadline and self._deadline.expired)

    @property
    def has_alarm(self) -> bool:
        """Whether the program waits for an alarm of its own."""
        return bool(self._deadline and self._deadline.has_alarm)

    def _look_for_hang(self, frame: types.FrameType | None, passed: float) -> bool:
        limit = self.plan.timeout or 0.0
        if self.plan.in_worker and (passed < limit or not self.record.started):
            return False
        below = sorted({pid for pid in tree.descendants() if self.may_end(pid)} | tree.below_fork_server().keys())
        moving = self._movement.look([os.getpid(), *below, *sorted(tree.helpers())])
        if passed < limit and not self._suspicion.is_deadlock(frame):
            return False
        if moving and limit <= passed < max(limit * PATIENCE, limit + _SURE) and not self._pool_cannot_begin():
            return False
        stuck = gather(self, frame)
        if moving and passed >= limit:
            self.record.unfinished = stuck  # too slow, but no hang
        else:
            self.record.stuck = stuck
        tree.kill([info for pid, info in tree.descendants().items() if self.may_end(pid)])
        return True

    def _note_copy(self, changed: CopyChanged) -> None:
        if self.recording:
            self.record.copies.append(changed)

    def _pool_cannot_begin(self) -> bool:
        """Say whether workers of a pool die before they have begun: it starts others for ever."""
        return any(died.during for died in read_deaths(self.files("*.died")))

    def may_end(self, pid: int) -> bool:
        """Return whether the process ``pid`` is the body's own, to be ended with it."""
        if pid in self.inherited or pid in tree.helpers():
            return False
        return pid not in self._foreign()

    def _foreign(self) -> set[int]:
        """Return the processes of pools, executors and process objects that a fixture made before the body began."""
        return {started.pid for started in self.record.started if not started.created_here}

    def settle(self, error: BaseException | None, teardown: Callable[[], None] | None = None) -> None:
        """Wait shortly for what is ending, run ``teardown`` if something is left, note orphans and end them."""
        try:
            settle(self, error, teardown)
        finally:
            tree.adopt_orphans(self._subreaper)

    def judge(self, error: BaseException | None) -> tuple[Finding, ...]:
        """Return what the detectors find in the record; ``error`` is what the body raised."""
        return judge(self, error)

    def close(self) -> None:
        """Remove the files of the watch."""
        if self._directory:
            shutil.rmtree(self._directory, ignore_errors=True)


__all__ = ["BodyHung", "Watch", "WatchPlan"]
