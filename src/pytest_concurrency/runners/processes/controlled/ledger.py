"""What the workers of one schedule have said: rows for the report, accesses for lost updates, who holds which lock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ....instrument.sites import READ, Site
from ....runtime.execution import Execution
from ....trace.locks import UNNAMED
from ....trace.outcome import Blocked, Row
from .deaths import Death
from .members import Member
from .places import LOCK, Place, told, told_place
from .updates import Access, Updates


class Sites:
    """The places that workers have announced, as the sites of the engine; grows while schedules are run."""

    def __init__(self) -> None:
        self.all: list[Site] = []
        self._known: dict[str, Site] = {}

    def of(self, place: Place, write: bool) -> Site:
        """Return the site of ``place``."""
        site = self._known.get(place.key)
        if site is None:
            action = "write" if write else READ
            site = Site(place.kind, action, place.name, place.key, place.path, place.line, place.function, 0, False)
            site.label = place.name
            self._known[place.key] = site
            self.all.append(site)
        return site

    def named(self, key: str) -> Site | None:
        """Return the site of that key."""
        return self._known.get(key)

    def have(self, actions: Sequence[str]) -> bool:
        """Say whether a place with one of these actions has been announced."""
        return any(site.key.endswith(tuple(f":{action}" for action in actions)) for site in self.all)

    def silent(self) -> frozenset[str]:
        """Return the keys of the places that need not be announced in the run to come."""
        return frozenset(site.key for site in self.all if site.off)


class Ledger:
    """Keeps the books of one run of ``execution``; ``wake`` is called with each location that was freed.

    ``values`` are what was read and written (True), by worker, place and occurrence; ``segments`` the names of shared
    memory that was made, and which resource tracker was told.
    """

    def __init__(self, execution: Execution, sites: Sites, wake: Callable[[Any], None]) -> None:
        self.execution = execution
        self.sites = sites
        self.updates = Updates(execution.harmless)
        self.notes: list[str] = []
        self.values: dict[tuple[str, str, int], tuple[str, bool]] = {}
        self.owners: dict[Any, tuple[Member, Place | None]] = {}
        self.signalled = False
        self.deaths: list[tuple[str, Death]] = []
        self.asked: set[int | None] = set()
        self.segments: dict[str, Any] = {}
        self._wake = wake
        self._numbers: dict[Any, int] = {}

    def announced(self, member: Member, place: Place, loc: Any, key: Any, write: bool) -> None:
        """Note what ``member`` is about to do."""
        execution, worker = self.execution, member.worker
        site = self.sites.of(place, write)
        worker.site, worker.loc, worker.key, worker.write = site, loc, key, write
        execution.steps += 1
        member.step = execution.steps
        worker.occurrence = worker.counts[site] = worker.counts.get(site, 0) + 1
        if execution.observing:
            execution.observe(worker, site, loc, write)
            if place.kind == LOCK and worker.held:
                held = frozenset(worker.held)
                execution.nested.append((worker.path, site.key, worker.occurrence, held, self._number(loc)))

    def unseen(self) -> list[tuple[str, BaseException]]:
        """Return the workers that died while the test ran, and of what, where nobody has asked how they ended."""
        if None in self.asked:
            return []
        return [
            (path, death.rebuilt()) for path, death in self.deaths if not death.expected and death.pid not in self.asked
        ]

    def _number(self, loc: Any) -> int:
        return self._numbers.setdefault(loc, len(self._numbers) + 1)

    def happened(self, member: Member, what: str, *rest: Any) -> None:
        """Note what ``member`` says it has done."""
        worker = member.worker
        if what == "freed":
            self._wake(rest[0])
            owner = self.owners.pop(rest[0], None)
            if owner is not None:
                held = owner[0].worker  # a lock may be released by another process than the one that took it
                held.held.pop(self._number(rest[0]), None)
                held.retag()
                self._row(member, owner[1] if owner[0] is member else None, "release", rest[0], "")
        elif what == "taken":
            place, loc = told(rest[0]), rest[1]
            self.owners[loc] = member, place
            worker.held[self._number(loc)] = loc
            worker.retag()
            self._row(member, place, "acquire", loc, "")
        elif what == "signalled":
            self.signalled = True
        elif what == "died":
            if not self.execution.main.done:
                self.deaths.append((worker.path, rest[0]))
        elif what == "asked":
            self.asked.add(rest[0])
        elif what == "made":
            self.segments[rest[0]] = rest[1]
        elif what == "note":
            self.notes.append(rest[0])
        elif what == "did":
            self._did(member, told_place(rest[0]), *rest[1:])

    def waits(self, member: Member, blocked: Blocked) -> None:
        """Note the lock that ``member`` will wait for for ever."""
        if self.execution.rows is not None and blocked.line:
            held = f"held by worker {blocked.holder}" if blocked.holder else "held"
            self.execution.rows.append(
                Row(blocked.worker, blocked.path, blocked.line, "wait for", blocked.lock_name or UNNAMED, held, "",
                    member.step, blocked.lock)
            )  # fmt: skip

    def _row(self, member: Member, place: Place | None, action: str, loc: Any, value: str) -> Row | None:
        if place is None:
            return None
        row = Row(member.worker.path, place.path, place.line, action, place.shown, value, place.key, member.step, loc)
        if self.execution.rows is not None:
            self.execution.rows.append(row)
        return row

    def _fill(self, path: str, key: str, shown: str) -> None:
        """Give the latest row of that worker and place the value that it has read since: the rows of a statement."""
        rows = self.execution.rows or []
        for index in range(len(rows) - 1, -1, -1):
            if (rows[index].worker, rows[index].site) == (path, key):
                rows[index] = replace(rows[index], value=rows[index].value or shown)
                return

    def _did(
        self, member: Member, place: Place, loc: Any, key: Any, write: bool, shown: str, full: str, more: dict[str, Any]
    ) -> None:
        path = member.worker.path
        site = self.sites.of(place, write)
        occurrence = member.worker.counts.get(site, 0)
        if not more.get("row_only", False):
            self.values[path, place.key, occurrence] = full, write
        opens, looks = more.get("opens", False), more.get("looks", False)
        again = more.get("again", False)
        if again:
            row: Row | None = Row(path, place.path, place.line, "read", place.name, shown, place.key, member.step, loc)
            self._fill(path, place.key, shown)
        else:
            action = more.get("action") or (place.action if opens or looks else "write" if write else "read")
            row = self._row(member, place, action, loc, shown)
        if row is None:
            return
        opened = more.get("opened")
        known = self.sites.named(opened) if opened else None
        at = (opened, member.worker.counts.get(known, 0)) if opened and known is not None else None
        access = Access(row, key, full, occurrence, 0, at, span=more.get("span"))
        if write and not looks:
            source = self.updates.source_of(path, loc, key)
            if source is not None:
                read = self.sites.named(source.row.site)
                if read is not None and read not in site.derived:
                    site.derived = (*site.derived, read)
        if looks:
            if write:
                self.updates.write(path, loc, access, overwrites=False)
        elif not write:
            if not opens:
                self.updates.read(path, access, again)
        elif opens:
            self.updates.begin(path, loc, access)
        else:
            self.updates.write(path, loc, access, more.get("overwrites", True))
