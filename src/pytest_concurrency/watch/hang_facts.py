"""What can be known about processes that hang: their stacks, and what the innermost wait is for."""

from __future__ import annotations

import multiprocessing.pool
import os
import re
import sys
import threading
import traceback
import types
from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING

from ..source import PACKAGE
from . import stacks, tree
from .hook_fork import raw_forks
from .record import Stuck

if TYPE_CHECKING:
    from .watch import Watch

_POOL_WORKER = re.compile(r"PoolWorker-\d+")
_FRAME = re.compile(r'File "(?:[^"]*[/\\\\])?([^"/\\\\]+)", line \d+,? in (\S+)')
_THREAD = "(most recent call first):"
_WRITE_ONLY = 0o1
_ACCESS = 0o3


def gather(watch: Watch, frame: types.FrameType | None) -> list[Stuck]:
    """Return this process and every process that the body has started, each with its stacks and facts."""
    names = {entry.pid: entry.name for entry in [*watch.record.started, *raw_forks(watch)]}
    alive = {pid: info for pid, info in tree.descendants().items() if info.alive and watch.may_end(pid)}
    pids = [os.getpid(), *alive]
    here = body_stack(frame)
    facts = [*frame_facts(frame), *pipe_facts(watch, os.getpid(), "this process", here, pids)]
    facts += _pool_facts(watch, here, alive)
    facts += wait_facts("the test", here, False) if names else []
    found = [Stuck(os.getpid(), "the test's own process", here, tuple(facts), is_body=True)]
    for pid in alive:
        name = names.get(pid, f"process {pid}")
        stack = stacks.request(watch.directory, pid)
        told = (*pipe_facts(watch, pid, name, stack, pids), *wait_facts(name, stack, True))
        found.append(Stuck(pid, name, stack, told))
    return found


def _pool_facts(watch: Watch, stack: str, alive: Container[int]) -> list[str]:
    """Return which workers of a pool have died: a pool starts others, but gives nobody the tasks that they had."""
    pools = [pool for pool in watch.pools if isinstance(pool, multiprocessing.pool.Pool)]
    if not pools or "pool.py" not in stack or any(getattr(p, "_maxtasksperchild", None) is not None for p in pools):
        return []  # where nobody died, or workers are to end after some tasks
    dead = [entry for entry in watch.record.started if _POOL_WORKER.search(entry.name) and entry.pid not in alive]
    return [f"{entry.name} of the pool has died: the result of its task will never come" for entry in dead]


def body_stack(frame: types.FrameType | None) -> str:
    """Return the stack of this process's main thread, innermost last, without the frames of pytest around the body."""
    rows = traceback.extract_stack(frame)
    start = next((i + 1 for i, row in enumerate(rows) if row.name == "watched_body"), 0)
    text = "".join(traceback.format_list([row for row in rows[start:] if not row.filename.startswith(PACKAGE)]))
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


def wait_facts(name: str, stack: str, innermost_first: bool) -> list[str]:
    """Return what the main thread of ``name`` waits for in a condition of multiprocessing's: the last one of a dump."""
    frames = _FRAME.findall(stack.split(_THREAD)[-1])
    frames = frames if innermost_first else frames[::-1]
    if frames[:1] != [("synchronize.py", "wait")]:
        return []
    outer = frames[1:4]
    if ("queues.py", "join") in outer:
        return []
    if outer[:1] == [("synchronize.py", "wait")]:
        return [f"{name} waits for an event, which nobody sets"]
    if ("threading.py", "_wait") in outer:
        return [f"{name} waits for others at a barrier, to which too few come"]
    return [f"{name} waits for a notification, which nobody sends"]


def _value(semaphore: object) -> int:
    try:
        return int(semaphore._semlock._get_value())  # type: ignore[attr-defined]
    except Exception:
        return 0


def pipe_facts(watch: Watch, pid: int, name: str, stack: str, pids: list[int]) -> list[str]:
    """Return who still holds the write end of the pipe that ``pid`` waits to read from, or who should read what it
    waits to write."""
    if "connection.py" in stack and ("in _send\n" in stack or "in _send:" in stack):
        return [f"{name} waits to hand over what it sends: the pipe is full, and nobody reads from it"]
    if not stack and pid != os.getpid():
        return _output_facts(pid, name)
    if _waits_in_get(stack):
        if _POOL_WORKER.search(name):
            return []  # it waits for its next task
        return [f"{name} waits in get() for an item of a queue, and nobody puts one"]
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


def _waits_in_get(stack: str) -> bool:
    """Say whether the wait in ``stack`` is for the pipe of a queue: whoever reads from it has its other end as well."""
    lines = [line for line in stack.splitlines() if line.lstrip().startswith("File ")]
    return any("queues.py" in line and line.rstrip().endswith("in get") for line in lines)


_WRITE_CALLS = {"x86_64": 1, "aarch64": 64}


def _output_facts(pid: int, name: str) -> list[str]:
    """Return that ``pid``, which has no Python stack, waits to write into a pipe that this process is to read from."""
    try:
        fields = Path(f"/proc/{pid}/syscall").read_text().split()
        number, fd = int(fields[0]), int(fields[1], 16)
    except (OSError, ValueError, IndexError):
        return []
    inode = _inode(pid, fd)
    if number != _WRITE_CALLS.get(os.uname().machine) or inode is None:
        return []
    if not any(_inode(os.getpid(), mine) == inode for mine in _fds(os.getpid())):
        return []
    return [
        f"{name} waits to write its output: the pipe is full, and the test does not read from it before it waits "
        "(communicate() does both)"
    ]


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
