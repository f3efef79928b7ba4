"""Lost updates between workers, from what they read and wrote: a pure function of the order of events."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Any

from ....trace.outcome import LostUpdate, Row

_KEPT = 200


@dataclass(frozen=True, slots=True)
class Access:
    """One access that has happened: ``row`` as reported, ``full`` its value as long text, ``occurrence`` the number of
    times that its worker has been at its place. ``opened`` is the place that opened the file (key, occurrence)."""

    row: Row
    key: Any
    full: str
    occurrence: int
    time: int
    opened: tuple[str, int] | None = None


class Updates:
    """Follows the accesses of one run; ``lost`` are the updates that were overwritten by a worker who had not seen
    them.

    Whether what was written depends on what was read is not known here; see :mod:`.explorer`.
    """

    def __init__(self, harmless: Container[tuple[str, str, str]] = ()) -> None:
        self.lost: list[LostUpdate] = []
        self.opened: dict[tuple[str, str, int], tuple[str, int]] = {}
        self._harmless = harmless
        self._time = 0
        self._reads: dict[tuple[str, Any], Access] = {}
        self._begun: dict[tuple[str, Any], Access | None] = {}
        self._writes: dict[Any, list[Access]] = {}

    def read(self, worker: str, access: Access, again: bool = False) -> None:
        """Note a read; ``again``: more of what the last read has begun."""
        self._time += 1
        known = self._reads.get((worker, access.key))
        if again and known is not None:
            self._reads[worker, access.key] = replace(known, row=replace(known.row, value=access.row.value),
                                                      full=known.full + access.full)  # fmt: skip
            return
        if known is not None and access.opened is not None and known.opened == access.opened:
            if access.full in ("", "nothing"):
                return  # the end of the file
            access = replace(access, row=known.row, full=known.full + access.full, occurrence=known.occurrence)
        self._reads[worker, access.key] = replace(access, time=self._time)

    def source_of(self, worker: str, loc: Any, key: Any) -> Access | None:
        """Return the read that a write of ``worker`` there may come from."""
        return self._reads.get((worker, key)) or self._reads.get((worker, loc))

    def begin(self, worker: str, loc: Any, access: Access) -> None:
        """Note that a file was truncated: its new content follows."""
        self._time += 1
        self._begun[worker, access.key] = self.source_of(worker, loc, access.key)
        self._keep(replace(access, time=self._time))

    def write(self, worker: str, loc: Any, access: Access, overwrites: bool) -> None:
        """Note a write."""
        self._time += 1
        access = replace(access, time=self._time)
        if overwrites:
            if (worker, access.key) in self._begun:
                read = self._begun.pop((worker, access.key))
            else:
                read = self.source_of(worker, loc, access.key)
            if read is not None:
                self._compare(worker, read, access)
                self._reads.pop((worker, access.key), None)
                self._reads.pop((worker, loc), None)
        self._keep(access)

    def _keep(self, access: Access) -> None:
        writes = self._writes.setdefault(access.key, [])
        writes.append(access)
        if len(writes) > _KEPT:
            del writes[0]

    def _compare(self, worker: str, read: Access, write: Access) -> None:
        if (read.row.site, write.row.site, worker) in self._harmless:
            return
        for other in reversed(self._writes.get(write.key, ())):
            if other.time < read.time:
                return
            if other.row.worker != worker and other.full and other.full != read.full:
                self.lost.append(
                    LostUpdate(write.row.target, worker, other.row.worker, read.row, other.row, write.row, write.full,
                               write.occurrence, read.occurrence)
                )  # fmt: skip
                if read.opened is not None:
                    self.opened[worker, read.row.site, read.occurrence] = read.opened
                return
