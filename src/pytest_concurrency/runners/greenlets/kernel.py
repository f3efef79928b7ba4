"""What the operating system says of a thread: the system call that it sleeps in (Linux; elsewhere nothing is known)."""

from __future__ import annotations

import os
import platform
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_X86_64 = {
    0: "read", 1: "write", 2: "open", 7: "poll", 16: "ioctl", 17: "pread64", 18: "pwrite64", 19: "readv", 20: "writev",
    23: "select", 34: "pause", 35: "nanosleep", 42: "connect", 43: "accept", 44: "sendto", 45: "recvfrom",
    46: "sendmsg", 47: "recvmsg", 56: "clone", 57: "fork", 58: "vfork", 61: "wait4", 65: "semop", 68: "msgget",
    69: "msgsnd", 70: "msgrcv", 72: "fcntl", 73: "flock", 74: "fsync", 75: "fdatasync", 128: "rt_sigtimedwait",
    130: "rt_sigsuspend", 202: "futex", 220: "semtimedop", 230: "clock_nanosleep", 232: "epoll_wait",
    240: "mq_open", 242: "mq_timedsend", 243: "mq_timedreceive", 247: "waitid", 257: "openat", 270: "pselect6",
    271: "ppoll", 281: "epoll_pwait", 288: "accept4", 299: "recvmmsg", 307: "sendmmsg", 435: "clone3",
    441: "epoll_pwait2", 449: "futex_waitv",
}  # fmt: skip
_AARCH64 = {
    22: "epoll_pwait", 25: "fcntl", 29: "ioctl", 32: "flock", 56: "openat", 63: "read", 64: "write", 65: "readv",
    66: "writev", 67: "pread64", 68: "pwrite64", 72: "pselect6", 73: "ppoll", 82: "fsync", 83: "fdatasync",
    95: "waitid", 98: "futex", 101: "nanosleep", 115: "clock_nanosleep", 133: "rt_sigsuspend",
    137: "rt_sigtimedwait", 182: "mq_timedsend", 183: "mq_timedreceive", 188: "msgrcv", 189: "msgsnd",
    192: "semtimedop", 193: "semop", 202: "accept", 203: "connect", 206: "sendto", 207: "recvfrom", 211: "sendmsg",
    212: "recvmsg", 220: "clone", 242: "accept4", 243: "recvmmsg", 260: "wait4", 269: "sendmmsg", 435: "clone3",
    441: "epoll_pwait2", 449: "futex_waitv",
}  # fmt: skip
_NAMES: Mapping[str, Mapping[int, str]] = MappingProxyType({"x86_64": _X86_64, "aarch64": _AARCH64})
_ON_FILES = frozenset({"read", "write", "pread64", "pwrite64", "readv", "writev", "fsync", "fdatasync"})


@dataclass(frozen=True, slots=True)
class Sleeping:
    """A system call that a thread sleeps in.

    ``place`` tells one call from another; ``on_disk`` whether it reads or writes a regular file, and ``on_output``
    whether it writes to standard output or error.
    """

    name: str
    place: tuple[str, ...]
    on_disk: bool = False
    on_output: bool = False

    @property
    def is_futex(self) -> bool:
        return self.name.startswith("futex")


class ThreadView:
    """Looks at one thread of this process; ``native_id`` is its id at the kernel."""

    def __init__(self, native_id: int) -> None:
        self._path = f"/proc/self/task/{native_id}/syscall"
        self._names = _NAMES.get(platform.machine(), {})
        self.available = os.path.exists(self._path) and self.sleeping() is not False

    def sleeping(self) -> Sleeping | bool | None:
        """Return the system call that the thread sleeps in, None where it is running or ready, False if unknown."""
        try:
            with open(self._path, "rb", buffering=0) as stream:
                fields = stream.read(256).decode("ascii").split()
        except OSError:
            return False
        if not fields or not fields[0].isdigit():
            return None  # "running", or -1: stopped outside a system call (a page fault)
        number = int(fields[0])
        name = self._names.get(number, f"system call {number}")
        on_disk = on_output = False
        if name in _ON_FILES and len(fields) > 1:
            descriptor = int(fields[1], 16)
            on_disk = _is_regular(descriptor)
            on_output = descriptor in (1, 2) and "write" in name
        return Sleeping(name, (fields[0], *fields[-2:]), on_disk, on_output)


def _is_regular(descriptor: int) -> bool:
    try:
        return stat.S_ISREG(os.fstat(descriptor).st_mode)
    except OSError:
        return False


def native_threads() -> int:
    """Return how many threads this process has, 0 where that is not known."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 0
