"""Source-DPOR with sleep sets: one run for each class of equivalent interleavings, none left out.

Two interleavings are equivalent (belong to one Mazurkiewicz trace) where one becomes the other by swapping neighbouring
independent operations. :class:`SourceDpor` is driven one run at a time by whatever executes the operations; it never
sees a thread.

Source: Abdulla, Aronis, Jonsson, Sagonas, "Optimal Dynamic Partial Order Reduction", POPL 2014 (Algorithm 1, with races
looked for after the run instead of during it). Only a race that can be reversed counts: a release before an acquire
does not, the acquire before that release does.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from enum import Enum
from typing import Final, Generic

from .dpor_ops import Kind, Op, Reversible, W, dependent, reversible


class Abort(Enum):
    """What :meth:`SourceDpor.pick` returns instead of a worker."""

    ABORT = "abort"


ABORT: Final = Abort.ABORT

#: The newest known event of each worker, by its index in the run.
Clock = dict[W, int]


class _Node(Generic[W]):
    """A state of the run: what could run, what was chosen, what else is to be tried, what need not be."""

    __slots__ = ("backtrack", "clock", "cur", "enabled", "forks", "op", "sleep")

    def __init__(self, cur: W, enabled: dict[W, Op[W]], sleep: dict[W, Op[W]]) -> None:
        self.enabled = enabled
        self.sleep = sleep
        self.backtrack = {cur}
        self.choose(cur)

    def choose(self, worker: W) -> None:
        self.cur = worker
        self.op = self.enabled[worker]
        self.clock: Clock[W] | None = None  # None until its races were looked for
        self.forks: tuple[W, ...] = (
            (self.op.worker,) if self.op.kind is Kind.FORK and self.op.worker is not None else ()
        )


class SourceDpor(Generic[W]):
    """The exploration: :meth:`begin` a run, :meth:`pick` its steps, :meth:`end` it, until that returns True.

    ``runs`` counts complete runs, ``redundant`` those stopped because an equivalent one had been seen, and ``diverged``
    those in which the program did not repeat what it had done before, or that were cut short. Only where ``diverged``
    is 0 has the exploration covered every class.

    Whether an operation is enabled has to follow from the operations that it depends on. A wait that times out "when
    nothing else can run" is not of that kind: an executor that lets one fire must not claim completeness.
    """

    def __init__(self) -> None:
        self.runs = 0
        self.redundant = 0
        self.diverged = 0
        self._nodes: list[_Node[W]] = []
        self._depth = 0
        self._aborted = False
        self._strayed = False
        self._rank: dict[W, int] = {}
        # indices of the analysed events, ascending
        self._by_location: dict[Hashable, list[int]] = {}
        self._by_worker: dict[W, list[int]] = {}
        self._forked: dict[W, int] = {}

    def begin(self) -> None:
        """Start a run from the program's initial state."""
        self._depth = 0
        self._aborted = self._strayed = False

    def pick(self, enabled: Mapping[W, Op[W]], current: W | None = None) -> W | Abort:
        """Return the worker whose announced operation is to be executed next, or :data:`ABORT`.

        ``enabled`` holds the operations that can run without blocking (at least one), in an order that is the same in
        every run; ``current`` is the worker that ran last. After ABORT comes :meth:`end`.
        """
        depth = self._depth
        if depth < len(self._nodes):
            node = self._nodes[depth]
            if enabled.get(node.cur) != node.op:
                self._strayed = True
                return ABORT
        else:
            for worker in enabled:
                self._rank.setdefault(worker, len(self._rank))
            sleep = self._inherited_sleep()
            if current is not None and current in enabled and current not in sleep:
                cur = current
            else:
                awake = [worker for worker in enabled if worker not in sleep]
                if not awake:
                    self._aborted = True
                    return ABORT
                cur = awake[0]
            node = _Node(cur, dict(enabled), sleep)
            self._nodes.append(node)
        self._depth = depth + 1
        return node.cur

    def forked(self, worker: W) -> None:
        """Say that the operation picked last started ``worker``, where its announcement could not tell."""
        if 0 < self._depth <= len(self._nodes):
            node = self._nodes[self._depth - 1]
            if node.clock is None and worker not in node.forks:
                node.forks += (worker,)

    def progress(self) -> float:
        """Return a rough share of the exploration that is done, from 0 to 1; to be asked between runs.

        It counts the alternatives known so far at every state of the current path, and therefore tends to be too high.
        """
        done, share = 0.0, 1.0
        for node in self._nodes:
            known = len(node.backtrack)
            tried = len(node.backtrack & node.sleep.keys())
            share /= known
            done += tried * share
        return min(done, 1.0) if self._nodes else 1.0

    def end(self, blocked: Mapping[W, Op[W]] | None = None, cut_short: bool = False) -> bool:
        """Finish the run; return True when there is nothing left to explore.

        ``blocked`` are the announced operations of the workers that cannot go on at this point, in a deadlock or
        because others were not run any further: also after ABORT. Without them deadlocks would be missed. ``cut_short``
        says that the run was stopped before its end (a step bound, a time-out).
        """
        if self._strayed or cut_short or self._depth < len(self._nodes):
            self.diverged += 1
            while len(self._nodes) > max(self._depth, 1):
                self._forget(self._nodes.pop())
        elif self._aborted:
            self.redundant += 1
        else:
            self.runs += 1
        for index, node in enumerate(self._nodes):
            if node.clock is None:
                node.clock = self._races(index, node.cur, node.op)
                self._remember(index, node)
        for worker, op in (blocked or {}).items():
            self._races(len(self._nodes), worker, op)
        return self._backtrack()

    def _inherited_sleep(self) -> dict[W, Op[W]]:
        if not self._nodes:
            return {}
        last = self._nodes[-1]
        return {q: op for q, op in last.sleep.items() if q != last.cur and not dependent(op, last.op)}

    def _backtrack(self) -> bool:
        """Go back to the newest state with something left to try; return True where there is none."""
        while self._nodes:
            node = self._nodes[-1]
            node.sleep[node.cur] = node.op
            left = node.backtrack - node.sleep.keys()
            self._forget(node)
            if left:
                node.choose(min(left, key=self._rank.__getitem__))
                return False
            self._nodes.pop()
        return True

    def _remember(self, index: int, node: _Node[W]) -> None:
        self._by_worker.setdefault(node.cur, []).append(index)
        for location, _ in node.op.accesses:
            self._by_location.setdefault(location, []).append(index)
        for worker in node.forks:
            self._forked[worker] = index

    def _forget(self, node: _Node[W]) -> None:
        """Undo :meth:`_remember` for the newest event that was remembered."""
        if node.clock is not None:
            self._by_worker[node.cur].pop()
            for location, _ in node.op.accesses:
                self._by_location[location].pop()
            for worker in node.forks:
                del self._forked[worker]

    def _clock_before(self, worker: W, op: Op[W]) -> Clock[W]:
        """Return the clock of ``worker`` before its next operation, with the edge of a start or a join."""
        clock: Clock[W] = {}
        own = self._by_worker.get(worker)
        if own:
            clock.update(self._clock_of(own[-1]))
        elif worker in self._forked:
            clock.update(self._clock_of(self._forked[worker]))
        if op.kind is Kind.JOIN:
            for other in op.others if op.worker is None else (op.worker, *op.others):
                target = self._by_worker.get(other)
                if target:
                    _merge(clock, self._clock_of(target[-1]))
        return clock

    def _clock_of(self, index: int) -> Clock[W]:
        clock = self._nodes[index].clock
        assert clock is not None
        return clock

    def _dependent_before(self, worker: W, op: Op[W]) -> list[int]:
        """Return the earlier events of other workers that ``op`` depends on, newest first."""
        found: set[int] = set()
        for location, changes in op.accesses:
            for index in self._by_location.get(location, ()):
                node = self._nodes[index]
                if node.cur != worker and (changes or (location, True) in node.op.accesses):
                    found.add(index)
        return sorted(found, reverse=True)

    def _races(self, index: int, worker: W, op: Op[W]) -> Clock[W]:
        """Add what has to be tried because of the races of ``op``, event ``index``; return its clock."""
        before = self._clock_before(worker, op)
        earlier = self._dependent_before(worker, op)
        clock = dict(before)
        for i in earlier:
            if clock.get(self._nodes[i].cur, -1) < i:
                _merge(clock, self._clock_of(i))
        clock[worker] = index
        cover = before  # without the edges that the operation itself makes
        for i in earlier:
            node = self._nodes[i]
            if cover.get(node.cur, -1) >= i:
                continue
            verdict = reversible(node.op, op)
            if verdict is Reversible.NO:
                continue
            followed = self._try_other_order(i, index, worker, clock)
            if followed and verdict is Reversible.YES:
                _merge(cover, self._clock_of(i))
        return clock

    def _try_other_order(self, i: int, index: int, worker: W, clock: Clock[W]) -> bool:
        """Make sure that a run in which ``worker`` overtakes event ``i`` is tried; False: it could not.

        The events after ``i`` that do not depend on it, and then the operation of ``worker``, can be executed
        instead of ``i``. Any worker that can begin that sequence will do.
        """
        node = self._nodes[i]
        first: dict[W, int] = {}  # of each worker, its first event in that sequence
        initials: list[W] = []
        for k in range(i + 1, index):
            event = self._nodes[k]
            known = self._clock_of(k)
            if known.get(node.cur, -1) < i and event.cur not in first:
                if not any(f <= known.get(w, -1) for w, f in first.items()):
                    initials.append(event.cur)
                first[event.cur] = k
        if worker not in first and not any(f <= clock.get(w, -1) for w, f in first.items()):
            initials.append(worker)
        possible = [w for w in initials if w in node.enabled]
        if not possible:
            return False
        if not any(w in node.backtrack or w in node.sleep for w in possible):
            node.backtrack.add(worker if worker in possible else min(possible, key=self._rank.__getitem__))
        return True


def _merge(clock: Clock[W], other: Clock[W]) -> None:
    for worker, index in other.items():
        if clock.get(worker, -1) < index:
            clock[worker] = index
