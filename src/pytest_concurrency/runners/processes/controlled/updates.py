"""Lost updates between workers, from what they read and wrote: a pure function of the order of events."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Container
from dataclasses import dataclass, replace
from typing import Any

from ....trace.outcome import LostUpdate, Row

_KEPT = 200


@dataclass(frozen=True, slots=True)
class Access:
    """One access that has happened: ``row`` as reported, ``full`` its value as long text, ``occurrence`` the number of
    times that its worker has been at its place. ``opened`` is the place that opened the file (key, occurrence),
    ``overwrites`` whether nothing is left of what was there, ``span`` which bytes of a file were written (None: all).
    """

    row: Row
    key: Any
    full: str
    occurrence: int
    time: int
    opened: tuple[str, int] | None = None
    overwrites: bool = False
    span: tuple[int, int] | None = None

    def beside(self, other: Access) -> bool:
        """Say whether the two have written different parts of a file."""
        mine, theirs = self.span, other.span
        return mine is not None and theirs is not None and (mine[1] <= theirs[0] or theirs[1] <= mine[0])


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
        self._parts: dict[Any, set[Any]] = {}

    def read(self, worker: str, access: Access, again: bool = False) -> None:
        """Note a read; ``again``: more of what the last read has begun."""
        self._time += 1
        self._note_part(access)
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
        read = self._reads.get((worker, key)) or self._reads.get((worker, loc))
        if read is not None or key != loc:
            return read
        # All items are written at once: they come from the reads of items that one line has made, say in a loop.
        parts = [read for part in self._parts.get(loc, ()) if (read := self._reads.get((worker, part))) is not None]
        last = max(parts, key=lambda each: each.time, default=None)
        if last is None:
            return None
        return min((each for each in parts if each.row.site == last.row.site), key=lambda each: each.time)

    def begin(self, worker: str, loc: Any, access: Access) -> None:
        """Note that a file was truncated: its new content follows."""
        self._time += 1
        self._begun[worker, access.key] = self.source_of(worker, loc, access.key)
        self._keep(replace(access, time=self._time))

    def write(self, worker: str, loc: Any, access: Access, overwrites: bool) -> None:
        """Note a write."""
        self._time += 1
        access = replace(access, time=self._time, overwrites=overwrites)
        if overwrites:
            if (worker, access.key) in self._begun:
                read = self._begun.pop((worker, access.key))
            else:
                read = self.source_of(worker, loc, access.key)
            if read is not None:
                self._compare(worker, loc, read, access)
                for key in (access.key, *self._within(loc, access.key), loc):
                    self._reads.pop((worker, key), None)
        self._keep(access)

    def _note_part(self, access: Access) -> None:
        loc = access.row.location
        if loc is not None and access.key != loc:
            self._parts.setdefault(loc, set()).add(access.key)

    def _within(self, loc: Any, key: Any) -> Collection[Any]:
        """Return the keys of the items of which ``key`` is the whole; none where it is an item itself."""
        return self._parts.get(loc, ()) if key == loc else ()

    def _keep(self, access: Access) -> None:
        self._note_part(access)
        writes = self._writes.setdefault(access.key, [])
        writes.append(access)
        if len(writes) > _KEPT:
            del writes[0]

    def _compare(self, worker: str, loc: Any, read: Access, write: Access) -> None:
        if (read.row.site, write.row.site, worker) in self._harmless:
            return
        keys = {write.key, loc, *self._within(loc, write.key)}
        latest = heapq.merge(*(reversed(self._writes.get(key, [])) for key in keys), key=lambda each: -each.time)
        for other in latest:
            if other.time < read.time:
                return
            if other.key == loc != write.key and not other.overwrites:
                continue  # a row was added to the table of which one is updated
            if write.beside(other):
                continue
            if other.row.worker != worker and other.full and other.full != read.full:
                self.lost.append(
                    LostUpdate(write.row.target, worker, other.row.worker, read.row, other.row, write.row, write.full,
                               write.occurrence, read.occurrence)
                )  # fmt: skip
                if read.opened is not None:
                    self.opened[worker, read.row.site, read.occurrence] = read.opened
                return
