"""One schedule: lets one worker process run at a time, as the strategy of the execution says."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

from ....realtime import RealTime
from ....runtime.execution import Execution
from ....runtime.lifecycle import joined, spawn
from ....runtime.worker import Worker
from ....strategies.base import NEVER
from ....trace.locks import the_lock
from ....trace.outcome import Blocked, Died
from ....watch import tree
from .ledger import Ledger, Sites
from .members import Adopted, Member, State
from .places import LOCK, told, told_place
from .wire import FREE, GO, RUN, TIMED_OUT, Channel

_LOOK = 0.02
"""Real seconds without a word from the running worker after which its state is looked at."""
_LOOKS = 10
_SPIN = 300
"""Operations without a change after which the others get a turn."""
_LONG = 2_000
"""Operations of one worker in a row after which the others get a turn, whatever it changes: it may wait for them."""
_JUMPS = 5_000
_NAPS = 200
"""So many times one may sleep without the others: it may poll for what they do."""
_RETRIES = (0.0, 0.001, 0.005, 0.02, 0.05)
_LONG_RETRIES = (0.1, 0.2, 0.4, 0.6)
_EXIT = 1.0
_ENDING = 3.0
_BORN = 10.0


Start = Callable[[Sequence[str]], Generator[tuple[Any, Channel]]]
"""Forks a worker for each path, and gives each one's process and our end of its channel."""


class Over(Exception):
    """The schedule cannot go on and says nothing about the program; the message says why."""


class Conductor:
    """Runs worker processes under ``execution``; ``limit`` is in real seconds for all of them together.

    Without ``waits``, workers that are about to leave do so while other things are done, until :meth:`settle`.
    """

    def __init__(self, execution: Execution, sites: Sites, limit: float) -> None:
        self.execution = execution
        self.ledger = Ledger(execution, sites, self._wake)
        self._end = RealTime.monotonic() + limit
        self.waits = True
        self._members: list[Member] = []
        self._leaving: list[Member] = []
        self._doubtful = False
        self._asked_at = 0
        self._changed_at = 0
        self._since = 0
        self._jumps = 0

    # -- a group of workers

    def run(self, start: Start, count: int) -> list[Member]:
        """Start ``count`` workers at once and see them through; none is left afterwards, or after :meth:`settle`."""
        execution = self.execution
        members: list[Member] = []
        try:
            workers = [spawn(execution, execution.main) for _ in range(count)]
            with contextlib.closing(start([worker.path for worker in workers])) as started:
                for worker, (process, channel) in zip(workers, started, strict=True):
                    members.append(Member(worker, channel, process))
            self._members += members
            self._play()
            for member in members:
                joined(execution, execution.main, member.worker)
            return members
        finally:
            self._close(members)

    def run_main(self, start: Start) -> Member:
        """As :meth:`run` for one process that runs the test's body, and for all that it forks."""
        main = self.execution.main
        ((process, channel),) = start([main.path])
        member = Member(main, channel, process)
        self._members.append(member)
        try:
            self._play()
            return member
        finally:
            self._close(self._members)

    def _adopt(self, parent: Member) -> None:
        """Take in the worker that ``parent`` is about to fork."""
        channel = Channel(socket.socket(fileno=parent.channel.ends.pop(0)))
        parent.free = 0
        self._members.append(Member(spawn(self.execution, parent.worker), channel, Adopted()))

    def _play(self) -> None:
        current: Member | None = None
        while True:
            if RealTime.monotonic() > self._end:
                raise Over("its time was over")
            if current is not None and current.state is State.READY:
                chosen: Member | None = self._decide(current)
            else:
                chosen = self._next(current)
            if chosen is None:
                return
            if chosen is not current:
                self._since = self.execution.steps
            self._let_run(chosen, GO)
            current = chosen

    def _let_run(self, member: Member, turn: bytes) -> None:
        if member.state is State.STARTING and isinstance(member.process, Adopted):
            self._listen(member, _BORN)  # its id is not known yet
            if member.worker.done:
                return
        if turn == GO and self._undisturbed(member):
            turn = RUN
        member.state = State.RUNNING
        member.worker.started = True
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

    def _picked(self, enabled: list[Member], current: Member | None, left: Worker | None) -> Member:
        execution = self.execution
        if len(enabled) == 1 or execution.steps > min(execution.horizon, execution.max_steps):
            return current or enabled[0]
        if current is not None and execution.steps < self._asked_at:
            return current
        workers = [m.worker for m in enabled]
        picked = execution.strategy.pick(workers, current.worker if current else None, execution.steps, left)
        self._asked_at = execution.strategy.quiet_until(execution.steps)
        return next(m for m in enabled if m.worker is picked)

    def _decide(self, current: Member) -> Member:
        execution = self.execution
        while self._sleepers_first(enabled := self._enabled(), current):
            pass
        spins = execution.steps - self._changed_at > _SPIN or execution.steps - self._since > _LONG
        if spins and len(enabled) > 1:
            self._changed_at = execution.steps
            others = [m for m in enabled if m is not current]
            chosen = min(others, key=lambda m: (m.worker.last_run, m.worker.index))
            execution.log(current.worker, chosen.worker, forced=True, chosen=False)
            return chosen
        chosen = self._picked(enabled, current, None)
        if chosen is not current:
            execution.log(current.worker, chosen.worker, forced=False, chosen=True)
        return chosen

    def _next(self, left: Member | None) -> Member | None:
        """Choose who goes on where the one that ran cannot; None where all have ended, or nobody ever can."""
        while True:
            if left is not None and self._sleeps_alone(left):
                if left.state is State.READY:
                    return left
                continue
            enabled = self._enabled()
            if enabled and self._sleepers_first(enabled, None):
                continue
            if enabled:
                leaving = left.worker if left is not None else self.execution.main  # which waits for them all
                leaving.parks += 1
                chosen = self._picked(enabled, None, leaving)
                own = chosen is not enabled[0]
                if chosen is not left and (left is not None or own):
                    self.execution.log(leaving, chosen.worker, forced=True, chosen=own)
                return chosen
            if all(m.state is State.DONE for m in self._members):
                return None
            if any(m.state is State.OUTSIDE for m in self._members):
                self._wait_for_outside()
            elif not self._time_passes() and not self._retry():
                self._stuck()
                return None

    def _sleeps_alone(self, left: Member) -> bool:
        """Where the strategy lets nobody come in between while one sleeps: wake ``left``; False where it did not
        sleep."""
        if not self.execution.sleepless or not left.sleeps or self._jumps >= _NAPS:
            return False
        self._jumps += 1
        self.execution.clock.advance_to(max(self.execution.clock.now, left.deadline or 0.0))
        self._let_run(left, TIMED_OUT)
        return True

    def _sleepers_first(self, enabled: list[Member], current: Member | None) -> bool:
        """Let time pass for who sleeps where the strategy holds all who could go on; say whether anybody did sleep."""
        holds: Callable[..., bool] | None = getattr(self.execution.strategy, "holds", None)
        if holds is None or not holds([m.worker for m in enabled], current.worker if current else None):
            return False
        return self._time_passes(sleepers=True)

    def _time_passes(self, sleepers: bool = False) -> bool:
        """Jump to the next deadline and wake who waits for it, or the next of the ``sleepers``; False where nobody
        does."""
        due = [m for m in self._members if m.deadline is not None and not (sleepers and not m.sleeps)]
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
        for pause in self._pauses(bool(others)):
            time.sleep(pause)
            for member in self._members:
                if member.state is State.BLOCKED:
                    heard = member.heard
                    self._let_run(member, GO)
                    if member.state is not State.BLOCKED or member.heard > heard + 1:
                        return True  # it did more than to say that it is still blocked
        if others:
            blocked = [self._blocked(m) for m in self._members if m.state is State.BLOCKED]
            waits = "; ".join(f"worker {row.worker} waits for {row.waits_for}" for row in blocked)
            raise Over(f"{waits}, and {others} is not controlled")
        return False

    def _pauses(self, others: bool) -> Iterator[float]:
        """Yield seconds to wait before each try: a worker that is ending may still hand over what it has put."""
        end = RealTime.monotonic() + _ENDING
        while any(m.state is State.DONE and m.process.exitcode is None for m in self._members):
            if RealTime.monotonic() > end:
                raise Over("a worker that had done its work did not end")
            yield _LOOK
        yield from _RETRIES
        if others:
            yield from _LONG_RETRIES

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
        if self.execution.main.done:
            return  # the test's body has ended: who is left is ended with it
        if self._doubtful:
            raise Over("a thread or an alarm in one of its workers is not controlled")
        stuck = [(member, self._blocked(member)) for member in self._members if member.state is State.BLOCKED]
        for member, row in stuck:
            if row.lock is not None:
                self.ledger.waits(member, row)
        self.execution.stuck = tuple(row for _, row in stuck)
        self.execution.died = tuple(Died(path, death.rebuilt()) for path, death in self.ledger.deaths)
        self.execution.freeze()

    def _blocked(self, member: Member) -> Blocked:
        assert member.waits is not None
        loc, operation, _, place = member.waits
        holder, where = "", None
        owner = self.ledger.owners.get(loc)
        if owner is not None:
            holder, where = owner[0].worker.path, owner[1]
        site = member.worker.site
        lock = loc[0] in ("sem", "flock", "lockf", "proxy") and (site is None or site.kind == LOCK)
        label = site.label if lock and site is not None else ""
        return Blocked(
            member.worker.path, place.path if place else "", place.line if place else 0, operation,
            the_lock(label) if lock and site is not None else operation, holder,
            where.line if where else 0, where.path if where else "", self.ledger.signalled, False,
            lock=loc if lock else None, lock_name=label,
        )  # fmt: skip

    # -- what workers say

    def _listen(self, member: Member, limit: float = 0.0) -> None:
        """Wait until ``member`` has said what it is about to do; it steps outside where it blocks unseen."""
        if member.channel.has_message():
            self._heard(member)
            return
        listened = self._listened(member)
        silent_since = RealTime.monotonic()
        looks, ticks = 0, -1
        while True:
            ready = self._poll_for(listened, _LOOK)
            for other in ready:
                self._heard(other)
            if member in ready:
                return
            now = RealTime.monotonic()
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
        begun = RealTime.monotonic()
        due = min((m.deadline for m in self._members if m.deadline is not None), default=None)
        while RealTime.monotonic() < self._end:
            if due is not None and RealTime.monotonic() - begun >= due - self.execution.clock.now:
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
        member.heard += 1 + len(results)
        for result in results:
            self.ledger.happened(member, *result)
        if kind == "fork":
            self._adopt(member)
        elif kind == "hello":
            member.process.pid = rest[0]
            member.state = State.READY
        elif kind == "at":
            if member.free:
                member.free -= 1
            else:
                member.state = State.READY
            self.ledger.announced(member, told_place(rest[0]), *rest[1:])
            if member.worker.write:
                self._changed_at = self.execution.steps
        elif kind == "blocked":
            member.state = State.BLOCKED
            what, loc, operation, deadline, alone = rest
            place = told(what)
            if not alone and not self._doubtful:
                self._doubtful = True
                self.execution.external.append(
                    (member.worker.path, place.path if place else "", place.line if place else 0)
                )
            member.waits = loc, operation, deadline, place
            self._changed_at = self.execution.steps
        elif kind == "done":
            if rest[0] is not None:
                member.report, member.raised_at = rest[0]
            member.leaves = rest[1]
            self._ended(member)

    def _ended(self, member: Member) -> None:
        member.state = State.DONE
        member.worker.done = True
        self.execution.live -= 1
        self._wake(("end", member.process.pid))
        self._wake(("end", -1))
        self._changed_at = self.execution.steps

    def _wake(self, loc: Any) -> None:
        for member in self._members:
            if member.state is State.BLOCKED and member.waits is not None and member.waits[0] == loc:
                member.woken = True

    # -- the end

    def settle(self) -> None:
        """See that the workers that were leaving are gone."""
        leaving, self._leaving = self._leaving, []
        self.waits = True
        self._close(leaving)

    def _close(self, members: Sequence[Member]) -> None:
        """See that every process is gone, and all that it has started."""
        end = RealTime.monotonic() + _EXIT
        over = all(m.state is State.DONE for m in members)
        for member in list(members):
            if member.leaves and not self.waits:
                self._leaving.append(member)
                continue
            process = member.process
            ended = process.exitcode is not None
            process.join(max(0.0, end - RealTime.monotonic()) if over and not ended else 0.0)
            if process.exitcode is None:
                below = [tree.look(process.pid), *tree.descendants(process.pid).values()]
                tree.kill([info for info in below if info is not None])
                process.join(2.0)
            member.channel.close()
        self._members = [m for m in self._members if m not in members]
