"""What the kernel says of a thread of this process (Linux; elsewhere nothing is known)."""

from __future__ import annotations


def used_and_asleep(native_id: int) -> tuple[int, bool] | None:
    """Return the nanoseconds of processor time that a thread has used, and whether it sleeps in the kernel.

    None where nothing is known. Read from ``/proc``, because asking the clock of a thread that has just ended is
    undefined in C.
    """
    try:
        with open(f"/proc/self/task/{native_id}/schedstat", "rb") as schedstat:
            used = int(schedstat.read().split()[0])
        with open(f"/proc/self/task/{native_id}/stat", "rb") as stat:
            state = stat.read().rpartition(b")")[2].split()[0]
    except (OSError, ValueError, IndexError):
        return None
    return used, state in (b"S", b"D")
