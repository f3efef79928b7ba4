"""One schedule: lets one worker process run at a time, as the strategy of the execution says."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Sequence
from typing import Any

from ....instrument.sites import READ, Site
from ....runtime.execution import Execution
from ....runtime.trace import Blocked, Row
from ....strategies.base import NEVER
from ....watch import tree
from .members import Member, State
from .places import LOCK, Place
from .updates import Access, Updates
from .wire import FREE, GO, RUN, TIMED_OUT, Channel

_LOOK = 0.02
"""Real seconds without a word from the running worker after which its state is looked at."""
_LOOKS = 3
_SPIN = 300
"""Operations without a change after which the others get a turn."""
_JUMPS = 5_000
_RETRIES = (0.0, 0.001, 0.005, 0.02, 0.05)
_LONG_RETRIES = (0.1, 0.2, 0.4, 0.6)
_EXIT = 1.0
_BORN = 10.0


class Over(Exception):
    """The schedule cannot go on and says nothing about the program; the message says why."""


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
            site = Site(place.kind, action, place.name, place.key, place.path, place.line, "", 0, False)
            site.label = place.name
            self._known[place.key] = site
            self.all.append(site)
        return site

    def silent(self) -> frozenset[str]:
        """Return the keys of the places that need not be announced in the run to come."""
        return frozenset(site.key for site in self.all if site.off)


class Conductor:
    """Runs worker processes under ``execution``; ``limit`` is in real seconds for all of them together."""

    def __init__(self, execution: Execution, sites: Sites, limit: float) -> None:
        self.execution = execution
        self.sites = sites
        self.updates = Updates(execution.harmless)
        self.notes: list[str] = []
        self.values: dict[tuple[str, str, int], tuple[str, bool]] = {}
        self._end = time.monotonic() + limit
        self._members: list[Member] = []
        self._owners: dict[Any, tuple[Member, Place | None]] = {}
        self._numbers: dict[Any, int] = {}
        self._signalled = False
        self._asked_at = 0
        self._changed_at = 0
        self._jumps = 0

    # -- a group of workers

    def run(self, start: Callable[[str], tuple[Any, Channel]], count: int) -> list[Member]:
        """Start ``count`` workers at once, each by ``start(path)``, and see them through; none is left afterwards."""
        execution = self.execution
        members: list[Member] = []
        try:
            for _ in range(count):
                worker = execution.spawn(execution.main)
                process, channel = start(worker.path)
                member = Member(worker, channel, process)
                members.append(member)
                self._members.append(member)
            self._play()
            for member in members:
                execution.joined(execution.main, member.worker)
            return members
        finally:
            self._close(members)

    def _play(self) -> None:
        current: Member | None = None
        while True:
            if time.monotonic() > self._end:
                raise Over("its time was over")
            if current is not None and current.state is State.READY:
                chosen: Member | None = self._decide(current)
            else:
                chosen = self._next(current)
            if chosen is None:
                return
            self._let_run(chosen, GO)
            current = chosen

    def _let_run(self, member: Member, turn: bytes) -> None:
        if member.state is State.STARTING:
            self._listen(member, _BORN)
            if member.state is not State.READY:
                return
        if turn == GO and self._undisturbed(member):
            turn = RUN
        member.state = State.RUNNING
        member.woken = False
        member.free = FREE if turn == RUN else 0
        member.worker.last_run = self.execution.steps
        try:
            member.channel.send_turn(turn, self.execution.clock.now)
        except OSError:
            pass  # it has died: the end of its channel says so
        while member.state is State.RUNNING:
            self._listen(member)

    def _undisturbed(self, member: Member) -> bool:
        """Say whether nobody would interrupt ``member`` at its next operations."""
        if self._asked_at == NEVER or self.execution.steps > self.execution.horizon:
            return True
        return all(other is member or other.state is State.DONE for other in self._members)

    # -- decisions

    def _enabled(self) -> list[Member]:
        return [
            m for m in self._members
            if m.state in (State.READY, State.STARTING) or (m.state is State.BLOCKED and m.woken)
        ]  # fmt: skip

    def _picked(self, enabled: list[Member], current: Member | None, left: Member | None) -> Member:
        execution = self.execution
        if len(enabled) == 1 or execution.steps > min(execution.horizon, execution.max_steps):
            return current or enabled[0]
        if current is not None and execution.steps < self._asked_at:
            return current
        workers = [m.worker for m in enabled]
        picked = execution.strategy.pick(
            workers, current.worker if current else None, execution.steps, left.worker if left else None
        )
        self._asked_at = execution.strategy.quiet_until(execution.steps)
        return next(m for m in enabled if m.worker is picked)

    def _decide(self, current: Member) -> Member:
        execution = self.execution
        enabled = self._enabled()
        if execution.steps - self._changed_at > _SPIN and len(enabled) > 1:
            self._changed_at = execution.steps
            others = [m for m in enabled if m is not current]
            chosen = min(others, key=lambda m: (m.worker.last_run, m.worker.index))
            execution._log(current.worker, chosen.worker, forced=True, chosen=False)
            return chosen
        chosen = self._picked(enabled, current, None)
        if chosen is not current:
            execution._log(current.worker, chosen.worker, forced=False, chosen=True)
        return chosen

    def _next(self, left: Member | None) -> Member | None:
        """Choose who goes on where the one that ran cannot; None where all have ended, or nobody ever can."""
        while True:
            enabled = self._enabled()
            if enabled:
                chosen = self._picked(enabled, None, left)
                if left is not None and chosen is not left:
                    self.execution._log(left.worker, chosen.worker, forced=True, chosen=chosen is not enabled[0])
                return chosen
            if all(m.state is State.DONE for m in self._members):
                return None
            if any(m.state is State.OUTSIDE for m in self._members):
                self._wait_for_outside()
            elif not self._time_passes() and not self._retry():
                self._stuck()
                return None

    def _time_passes(self) -> bool:
        """Jump to the next deadline and wake who waits for it; False where nobody does."""
        due = [m for m in self._members if m.deadline is not None]
        if not due:
            return False
        self._jumps += 1
        if self._jumps > _JUMPS:
            raise Over("its workers poll for something that does not come")
        first = min(due, key=lambda m: (m.deadline, m.worker.index))
        self.execution.clock.advance_to(first.deadline or 0.0)
        self._let_run(first, TIMED_OUT)
        return True

    def _retry(self) -> bool:
        """Let everybody try again, for a while: what they wait for may be on its way. True where one could go on."""
        others = self._others()
        for pause in (*_RETRIES, *(_LONG_RETRIES if others else ())):
            time.sleep(pause)
            for member in self._members:
                if member.state is State.BLOCKED:
                    self._let_run(member, GO)
                    if member.state is not State.BLOCKED:
                        return True
        if others:
            raise Over(f"its workers wait, and {others} is not controlled")
        return False

    def _others(self) -> str:
        """Name a process that is not controlled and may be what is waited for."""
        import multiprocessing

        ours = {m.process.pid for m in self._members} | tree.helpers()
        servants = {p.pid for p in multiprocessing.active_children() if "Manager" in p.name}
        for pid, info in tree.descendants().items():
            if info.alive and pid not in ours and pid not in servants and info.parent not in servants:
                return f"process {pid}"
        return ""

    def _stuck(self) -> None:
        self.execution.stuck = tuple(self._blocked(m) for m in self._members if m.state is State.BLOCKED)
        self.execution._freeze()

    def _blocked(self, member: Member) -> Blocked:
        assert member.waits is not None
        loc, operation, _, place = member.waits
        holder, where = "", None
        owner = self._owners.get(loc)
        if owner is not None:
            holder, where = owner[0].worker.path, owner[1]
        site = member.worker.site
        lock = loc[0] in ("sem", "flock", "lockf", "proxy") and (site is None or site.kind == LOCK)
        name = f"the lock {site.label}" if lock and site is not None else operation
        return Blocked(
            member.worker.path, place.path if place else "", place.line if place else 0, operation, name, holder,
            where.line if where else 0, where.path if where else "", self._signalled, False,
        )  # fmt: skip

    # -- what workers say

    def _listen(self, member: Member, limit: float = 0.0) -> None:
        """Wait until ``member`` has said what it is about to do; it steps outside where it blocks unseen."""
        if member.channel.has_message():
            self._heard(member)
            return
        listened = self._listened(member)
        silent_since = time.monotonic()
        looks, ticks = 0, -1
        while True:
            ready = self._poll_for(listened, _LOOK)
            for other in ready:
                self._heard(other)
            if member in ready:
                return
            now = time.monotonic()
            if now > self._end or (limit and now - silent_since > limit):
                raise Over("its time was over")
            info = tree.look(member.process.pid)
            asleep = info is not None and tree.is_asleep(member.process.pid) and info.ticks == ticks
            looks = looks + 1 if asleep else 0
            ticks = info.ticks if info is not None else -1
            if looks >= _LOOKS and member.state is State.RUNNING:
                member.state = State.OUTSIDE
                site = member.worker.site
                self.execution.external.append(
                    (member.worker.path, site.path if site else "", site.line if site else 0)
                )
                return

    def _listened(self, member: Member) -> list[Member]:
        return [member, *(m for m in self._members if m.state is State.OUTSIDE and m is not member)]

    def _poll_for(self, members: Sequence[Member], seconds: float) -> list[Member]:
        poll = select.poll()
        for member in members:
            poll.register(member.channel.fileno(), select.POLLIN)
        found = {fd for fd, _ in poll.poll(seconds * 1000)}
        return [m for m in members if m.channel.fileno() in found]

    def _wait_for_outside(self) -> None:
        outside = [m for m in self._members if m.state is State.OUTSIDE]
        begun = time.monotonic()
        due = min((m.deadline for m in self._members if m.deadline is not None), default=None)
        while time.monotonic() < self._end:
            if due is not None and time.monotonic() - begun >= due - self.execution.clock.now:
                self._time_passes()  # as much real time has passed
                return
            ready = self._poll_for(outside, _LOOK)
            for member in ready:
                self._heard(member)
            if ready:
                return
            for member in self._members:
                if member.state is State.BLOCKED:  # what runs outside may have freed it
                    member.woken = True
                    return
        raise Over("a worker was in a call that is not controlled")

    def _heard(self, member: Member) -> None:
        message = member.channel.receive()
        if message is None:
            self._ended(member)
            return
        kind, *rest, results = message
        for result in results:
            self._happened(member, *result)
        if kind == "hello":
            member.state = State.READY
            member.worker.started = True
        elif kind == "at":
            if member.free:
                member.free -= 1
            else:
                member.state = State.READY
            self._announced(member, *rest)
        elif kind == "blocked":
            member.state = State.BLOCKED
            place, loc, operation, deadline = rest
            member.waits = loc, operation, deadline, place
            self._changed_at = self.execution.steps
        elif kind == "done":
            member.report, member.raised_at = rest[0]
            self._ended(member)

    def _ended(self, member: Member) -> None:
        member.state = State.DONE
        member.worker.done = True
        self.execution.live -= 1
        self._wake(("end",))
        self._changed_at = self.execution.steps

    def _announced(self, member: Member, place: Place, loc: Any, key: Any, write: bool) -> None:
        execution, worker = self.execution, member.worker
        site = self.sites.of(place, write)
        worker.site, worker.loc, worker.key, worker.write = site, loc, key, write
        execution.steps += 1
        member.step = execution.steps
        worker.occurrence = worker.counts[site] = worker.counts.get(site, 0) + 1
        if write:
            self._changed_at = execution.steps
        if execution.observing:
            execution.observe(worker, site, loc, write)
            if place.kind == LOCK and worker.held:
                held = frozenset(worker.held)
                execution.nested.append((worker.path, site.key, worker.occurrence, held, self._number(loc)))

    def _number(self, loc: Any) -> int:
        return self._numbers.setdefault(loc, len(self._numbers) + 1)

    def _wake(self, loc: Any) -> None:
        for member in self._members:
            if member.state is State.BLOCKED and member.waits is not None and member.waits[0] == loc:
                member.woken = True

    def _happened(self, member: Member, what: str, *rest: Any) -> None:
        worker = member.worker
        if what == "freed":
            self._wake(rest[0])
            owner = self._owners.get(rest[0])
            if owner is not None and owner[0] is member:
                del self._owners[rest[0]]
                worker.held.pop(self._number(rest[0]), None)
                worker.retag()
                self._row(member, owner[1], "release", rest[0], "")
        elif what == "taken":
            place, loc, _ = rest
            self._owners[loc] = member, place
            worker.held[self._number(loc)] = loc
            worker.retag()
            self._row(member, place, "acquire", loc, "")
        elif what == "signalled":
            self._signalled = True
        elif what == "note":
            self.notes.append(rest[0])
        elif what == "did":
            self._did(member, *rest)

    def _row(self, member: Member, place: Place | None, action: str, loc: Any, value: str) -> Row | None:
        if place is None:
            return None
        row = Row(member.worker.path, place.path, place.line, action, place.name, value, place.key, member.step, loc)
        if self.execution.rows is not None:
            self.execution.rows.append(row)
        return row

    def _did(
        self, member: Member, place: Place, loc: Any, key: Any, write: bool, shown: str, full: str, more: dict[str, Any]
    ) -> None:
        path = member.worker.path
        site = self.sites.of(place, write)
        occurrence = member.worker.counts.get(site, 0)
        self.values[path, place.key, occurrence] = full, write
        opens, looks = more.get("opens", False), more.get("looks", False)
        again = more.get("again", False)
        if again:
            row: Row | None = Row(path, place.path, place.line, "read", place.name, shown, place.key, member.step, loc)
        else:
            action = place.action if opens or looks else "write" if write else "read"
            row = self._row(member, place, action, loc, shown)
        if row is None:
            return
        opened = more.get("opened")
        known = next((s for s in self.sites.all if s.key == opened), None) if opened else None
        at = (opened, member.worker.counts.get(known, 0)) if opened and known is not None else None
        access = Access(row, key, full, occurrence, 0, at)
        if write and not looks:
            source = self.updates.source_of(path, loc, key)
            if source is not None:
                read = next((s for s in self.sites.all if s.key == source.row.site), None)
                if read is not None and read not in site.derived:
                    site.derived = (*site.derived, read)
        if looks:
            if write:
                self.updates.write(path, loc, access, overwrites=False)
        elif not write:
            if not opens:
                self.updates.read(path, loc, access, again)
        elif opens:
            self.updates.begin(path, loc, access)
        else:
            self.updates.write(path, loc, access, more.get("overwrites", True))

    # -- the end

    def _close(self, members: Sequence[Member]) -> None:
        """See that every process is gone, and all that it has started."""
        end = time.monotonic() + _EXIT
        over = all(m.state is State.DONE for m in members)
        for member in members:
            process = member.process
            process.join(max(0.0, end - time.monotonic()) if over else 0.0)
            if process.exitcode is None:
                below = [tree.look(process.pid), *tree.descendants(process.pid).values()]
                tree.kill([info for info in below if info is not None])
                process.join(2.0)
            member.channel.close()
        self._members = [m for m in self._members if m not in members]
