"""What the kernel says of a thread: the system call that it sleeps in (Linux; elsewhere nothing is known)."""

from __future__ import annotations

import os
import platform
import stat
from dataclasses import dataclass
from time import perf_counter

from .originals import primitive
from .syscalls import NAMES, ON_DESCRIPTORS, ON_FILES

_A_MOMENT = 0.0001


@dataclass(frozen=True, slots=True)
class Sleeping:
    """A system call that a thread sleeps in.

    ``on_disk``: it works on a regular file, or opens one; ``on_output``: it writes standard output or error.
    """

    name: str
    on_disk: bool = False
    on_output: bool = False

    @property
    def is_futex(self) -> bool:
        return self.name.startswith("futex")


class ThreadView:
    """Looks at one thread of this process; ``native_id`` is its id at the kernel."""

    def __init__(self, native_id: int) -> None:
        self._path = f"/proc/self/task/{native_id}/syscall"
        self._names = NAMES.get(platform.machine(), {})

    def sleeping(self) -> Sleeping | None:
        """Return the system call that the thread waits in; None where it runs, is ready, or nothing is known."""
        try:
            with open(self._path, "rb", buffering=0) as stream:
                fields = stream.read(256).decode("ascii").split()
        except OSError:
            return None
        if not fields or not fields[0].isdigit():
            return None  # "running", or -1: stopped outside a system call (a page fault)
        name = self._names.get(int(fields[0]))
        if name is None:
            return None  # nothing that a program waits in on purpose: memory mapping, say
        if name in ON_DESCRIPTORS and len(fields) > 1:
            descriptor = int(fields[1], 16)
            return Sleeping(name, _is_regular(descriptor), descriptor in (1, 2) and "write" in name)
        return Sleeping(name, name in ON_FILES)


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


def await_end(native_id: int, seconds: float) -> None:
    """Wait at most ``seconds`` until the kernel no longer has the thread ``native_id``, which is about to end."""
    sleep = primitive("time", "sleep")
    path, end = f"/proc/self/task/{native_id}", perf_counter() + seconds
    while os.path.exists(path) and perf_counter() < end:
        sleep(_A_MOMENT)
