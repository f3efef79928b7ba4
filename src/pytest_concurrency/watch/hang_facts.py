"""What can be known about processes that hang: their stacks, and what the innermost wait is for."""

from __future__ import annotations

import os
import sys
import threading
import traceback
import types
from pathlib import Path
from typing import TYPE_CHECKING

from . import stacks, tree
from .hook_fork import raw_forks
from .record import Stuck

if TYPE_CHECKING:
    from .watch import Watch

_WRITE_ONLY = 0o1
_ACCESS = 0o3


def gather(watch: Watch, frame: types.FrameType | None) -> list[Stuck]:
    """Return this process and every process that the body has started, each with its stacks and facts."""
    names = {entry.pid: entry.name for entry in [*watch.record.started, *raw_forks(watch)]}
    alive = {pid: info for pid, info in tree.descendants().items() if info.alive and watch.may_end(pid)}
    pids = [os.getpid(), *alive]
    here = body_stack(frame)
    facts = [*frame_facts(frame), *pipe_facts(watch, os.getpid(), "this process", here, pids)]
    found = [Stuck(os.getpid(), "the test's own process", here, tuple(facts), is_body=True)]
    for pid in alive:
        name = names.get(pid, f"process {pid}")
        stack = stacks.request(watch.directory, pid)
        found.append(Stuck(pid, name, stack, tuple(pipe_facts(watch, pid, name, stack, pids))))
    return found


def body_stack(frame: types.FrameType | None) -> str:
    """Return the stack of this process's main thread, innermost last, without the frames of pytest around
    the body.
    """
    rows = traceback.extract_stack(frame)
    start = next((i + 1 for i, row in enumerate(rows) if row.name == "watched_body"), 0)
    text = "".join(traceback.format_list(rows[start:]))
    others = [f"thread {thread.name}" for thread in threading.enumerate() if thread is not threading.main_thread()]
    return text + (f"other threads: {', '.join(others)}\n" if others else "")


def frame_facts(frame: types.FrameType | None) -> list[str]:
    """Return what the local variables of the waiting frames say."""
    facts = []
    while frame is not None:
        module, function = frame.f_globals.get("__name__"), frame.f_code.co_name
        if module == "multiprocessing.queues" and function == "join":
            count = _value(getattr(frame.f_locals.get("self"), "_unfinished_tasks", None))
            if count:
                facts.append(
                    f"task_done missing: the queue waits for {count} item(s) that nobody has marked with task_done()"
                )
        if module == "multiprocessing.process" and function == "join":
            process = frame.f_locals.get("self")
            facts.append(f"join() waits for {getattr(process, 'name', 'a process')}")
        frame = frame.f_back
    return facts


def _value(semaphore: object) -> int:
    try:
        return int(semaphore._semlock._get_value())  # type: ignore[attr-defined]
    except Exception:
        return 0


def pipe_facts(watch: Watch, pid: int, name: str, stack: str, pids: list[int]) -> list[str]:
    """Return who still holds the write end of the pipe that ``pid`` waits to read from."""
    if "connection.py" not in stack or ("in _recv" not in stack and "_recv\n" not in stack):
        return []
    fd = _read_fd(pid)
    if fd is None:
        return []
    inode = _inode(pid, fd)
    if inode is None:
        return []
    peer = inode
    for first, second, _ in watch.pipes:
        if inode in (first, second):
            peer = second if inode == first else first
    holders = []
    for other in pids:
        for number in _fds(other):
            if (
                _inode(other, number) == peer
                and (other, number) != (pid, fd)
                and (peer != inode or _writes(other, number))
            ):
                holders.append(other)
                break
    if pid in holders:
        return [
            f"a pipe end is left open: {name} waits for the end of a pipe whose other end "
            "it holds open itself; it can never see the end of it"
        ]
    if holders:
        others = ", ".join(map(str, holders))
        return [f"{name} waits to read from a pipe that is open for writing in process {others}"]
    return []


def _read_fd(pid: int) -> int | None:
    """Return the file descriptor that the main thread of ``pid`` is reading from, where the system tells."""
    if pid == os.getpid():
        frame: types.FrameType | None = sys._getframe(1)
        while frame is not None:
            if frame.f_globals.get("__name__") == "multiprocessing.connection" and frame.f_code.co_name == "_recv":
                handle = getattr(frame.f_locals.get("self"), "_handle", None)
                return handle if isinstance(handle, int) else None
            frame = frame.f_back
        return None
    try:
        fields = Path(f"/proc/{pid}/syscall").read_text().split()
        return int(fields[1], 16) if len(fields) > 2 else None
    except (OSError, ValueError):
        return None


def _fds(pid: int) -> list[int]:
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/fd")]
    except OSError:
        return []


def _inode(pid: int, fd: int) -> int | None:
    try:
        target = os.readlink(f"/proc/{pid}/fd/{fd}")
    except OSError:
        return None
    if target.startswith(("pipe:[", "socket:[")):
        return int(target.split("[")[1].rstrip("]"))
    return None


def _writes(pid: int, fd: int) -> bool:
    try:
        lines = Path(f"/proc/{pid}/fdinfo/{fd}").read_text().splitlines()
    except OSError:
        return False
    flags = next((int(line.split()[1], 8) for line in lines if line.startswith("flags:")), 0)
    return flags & _ACCESS == _WRITE_ONLY
