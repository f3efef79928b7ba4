"""The tree of processes below this one, and ending it."""

from __future__ import annotations

import ctypes
import functools
import multiprocessing
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..realtime import RealTime
from ..state import STATE

_PS_SECONDS = 10.0
_REAP_SECONDS = 2.0
_open, _read, _close = os.open, os.read, os.close
_SET_SUBREAPER, _GET_SUBREAPER = 36, 37


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """One process as the system sees it; ``state`` is the letter of ps, ``ticks`` the CPU time used."""

    pid: int
    parent: int
    state: str
    started: int
    ticks: int

    @property
    def alive(self) -> bool:
        return self.state not in ("Z", "X")

    @property
    def command(self) -> str:
        return command_of(self.pid)


def snapshot() -> dict[int, ProcessInfo]:
    """Return every process of the system by its id (from /proc; from ps where there is none)."""
    table: dict[int, ProcessInfo] = {}
    if not Path("/proc/self/stat").exists():
        return _from_ps()
    for name in os.listdir("/proc"):
        if name.isdigit():
            info = look(int(name))
            if info is not None:
                table[info.pid] = info
    return table


def look(pid: int) -> ProcessInfo | None:
    """Return the process ``pid``, or None if there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split()
    return ProcessInfo(pid, int(fields[1]), fields[0], int(fields[19]), int(fields[11]) + int(fields[12]))


def _from_ps() -> dict[int, ProcessInfo]:
    table: dict[int, ProcessInfo] = {}
    try:
        shown = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid=,state="], capture_output=True, text=True, check=False, timeout=_PS_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return table
    for line in shown.stdout.splitlines():
        pid, parent, state = line.split()[:3]
        table[int(pid)] = ProcessInfo(int(pid), int(parent), state[0], 0, 0)
    return table


def descendants(root: int | None = None) -> dict[int, ProcessInfo]:
    """Return the processes below ``root`` (this process), dead and unreaped ones included."""
    start = os.getpid() if root is None else root
    children: dict[int, list[int]] = {}
    listed = Path(f"/proc/{start}/task/{start}/children").exists()
    if not listed:
        for info in snapshot().values():
            children.setdefault(info.parent, []).append(info.pid)
    found: dict[int, ProcessInfo] = {}
    waiting = _listed_children(start) if listed else list(children.get(start, ()))
    while waiting:
        pid = waiting.pop()
        info_now = look(pid) if Path("/proc/self/stat").exists() else snapshot().get(pid)
        if pid not in found and info_now is not None:
            found[pid] = info_now
            waiting.extend(_listed_children(pid) if listed else children.get(pid, ()))
    return found


def below() -> frozenset[int]:
    """Return the ids of the processes below this one: :func:`descendants`, without a look at each."""
    me = os.getpid()
    if not _children_are_listed():
        return frozenset(descendants())
    found: set[int] = set()
    waiting = _listed_children(me)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += _listed_children(pid)
    return frozenset(found)


@functools.cache
def _children_are_listed() -> bool:
    """Say whether the kernel lists the children of a thread."""
    me = os.getpid()
    return os.path.exists(f"/proc/{me}/task/{me}/children")


def _listed_children(pid: int) -> list[int]:
    """Return the children of every thread of ``pid``, from the list that Linux keeps."""
    pids: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            pids += map(int, _content(f"/proc/{pid}/task/{task}/children").split())
    except OSError:
        pass
    return pids


def _content(path: str) -> bytes:
    """Return what is in a file of /proc, of any length; looked at often, so without a stream."""
    handle = _open(path, os.O_RDONLY)
    try:
        parts = []
        while part := _read(handle, 65_536):
            parts.append(part)
        return b"".join(parts)
    finally:
        _close(handle)


def command_of(pid: int) -> str:
    """Return the command line of ``pid``, shortened; "" if it is gone."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    return " ".join(raw.decode(errors="replace").split("\0")).strip()[:120]


def helpers() -> set[int]:
    """Return the ids of processes that no test has started: multiprocessing's own servants (the resource tracker and
    the fork server), and ours."""
    from multiprocessing import forkserver, resource_tracker

    pids = {
        getattr(resource_tracker._resource_tracker, "_pid", None),
        getattr(forkserver._forkserver, "_forkserver_pid", None),
    }
    return {pid for pid in pids if pid} | STATE.own_processes


def stop_fork_server() -> None:
    """Stop the fork server of ``multiprocessing``, if it runs: it starts again when it is needed."""
    from multiprocessing import forkserver

    stop = getattr(forkserver._forkserver, "_stop", None)
    if stop is not None and getattr(forkserver._forkserver, "_forkserver_pid", None):
        stop()


def kill(infos: Iterable[ProcessInfo]) -> None:
    """Kill the given processes and reap those that are children of this one."""
    pids = []
    for info in infos:
        now = look(info.pid)
        if now is not None and now.started != info.started:
            continue  # the id has been taken over by another process
        pids.append(info.pid)
        try:
            os.kill(info.pid, signal.SIGKILL)
        except OSError:
            continue
    reap(pids)


def reap(pids: Iterable[int], seconds: float = _REAP_SECONDS) -> None:
    """Wait, at most ``seconds``, until the killed processes ``pids`` are gone; collect those that are our children."""
    left = set(pids)
    end = RealTime.monotonic() + seconds
    while left:
        multiprocessing.active_children()  # lets multiprocessing collect its own
        for pid in list(left):
            try:
                done, _ = os.waitpid(pid, os.WNOHANG)
                gone = done == pid
            except OSError:
                info = look(pid)
                gone = info is None or info.parent != os.getpid()
            if gone:
                left.discard(pid)
        if not left or RealTime.monotonic() > end:
            return
        time.sleep(0.005)


def adopt_orphans(wanted: bool) -> bool:
    """Let orphaned grandchildren become children of this process (Linux); return whether they did before."""
    try:
        libc = ctypes.CDLL(None)
        before = ctypes.c_int()
        if libc.prctl(_GET_SUBREAPER, ctypes.byref(before), 0, 0, 0) != 0:
            return False
        libc.prctl(_SET_SUBREAPER, int(wanted), 0, 0, 0)
        return bool(before.value)
    except (OSError, AttributeError):
        return False


def is_asleep(pid: int) -> bool:
    """Return whether every thread of ``pid`` sleeps in the kernel."""
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return False
    for task in tasks:
        try:
            text = Path(f"/proc/{pid}/task/{task}/stat").read_text(errors="replace")
        except OSError:
            continue
        if text[text.rindex(")") + 2] not in "SI":
            return False
    return True


_FUTEX = {"x86_64": 202, "aarch64": 98}
_TIMEOUT = 4  # the place of futex's argument in what the kernel tells of a call
_ALARMS = (signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF) if hasattr(signal, "SIGALRM") else ()


def threads_of(pid: int) -> int:
    """Return how many threads ``pid`` has, those of C among them; 0 where the system does not tell."""
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return 0


def waits_without_limit(pid: int) -> bool:
    """Say whether it is known of ``pid`` that none of its threads waits for a lock for a time only."""
    futex = _FUTEX.get(os.uname().machine)
    try:
        calls = [_content(f"/proc/{pid}/task/{task}/syscall").split() for task in os.listdir(f"/proc/{pid}/task")]
        return futex is not None and all(
            len(call) > _TIMEOUT and (int(call[0]) != futex or int(call[_TIMEOUT], 16) == 0) for call in calls
        )
    except (OSError, ValueError):
        return False


def may_have_alarms(pid: int) -> bool:
    """Say whether ``pid`` handles the signal of a timer, or that is not known."""
    try:
        lines = _content(f"/proc/{pid}/status").splitlines()
        caught = next(int(line.split()[1], 16) for line in lines if line.startswith(b"SigCgt:"))
    except (OSError, ValueError, StopIteration):
        return True
    return any(caught >> (number - 1) & 1 for number in _ALARMS)


STILL_LOOKS = 4
"""Looks in a row at which nothing has moved before processes count as standing still."""


class Movement:
    """Tells whether processes get on: they stand still only where each of several looks in a row has found every thread
    of every one asleep and no processor time used since the look before. One that waits for a processor is not asleep.
    """

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}
        self._still = 0

    def look(self, pids: Iterable[int]) -> bool:
        """Return whether ``pids`` (or what has become of them since the last look) may still get on."""
        now: dict[int, int] = {}
        awake = False
        for pid in pids:
            info = look(pid)
            if info is not None and info.alive:
                now[pid] = info.ticks
                awake = awake or (pid != os.getpid() and not is_asleep(pid))
        moved = awake or now != self._seen
        self._seen = now
        self._still = 0 if moved else self._still + 1
        return self._still < STILL_LOOKS


def below_fork_server() -> dict[int, ProcessInfo]:
    """Return the processes that the fork server of ``multiprocessing`` has started, for this process or for others."""
    from multiprocessing import forkserver

    pid = getattr(forkserver._forkserver, "_forkserver_pid", None)
    return descendants(pid) if pid else {}
