"""Exploring a test on processes: the phases of the engine, without those that need to see every operation."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from ....detect.failures import Failure, failures_of
from ....explore.model import Exploration
from ....explore.pipeline import Explorer
from ....runtime.execution import Execution
from ....schedules.directives import Directive, Replay, from_switches
from ....settings import Settings
from ....strategies.base import Candidate, Strategy
from ....strategies.sampling import SAMPLING
from ....strategies.serial import Serial
from ....trace.outcome import LostUpdate, Outcome, Switch
from .ledger import Sites
from .locks import FILE_LOCKS
from .values import only_volatile_parts_differ

NOTHING_NEW = 25
"""Sampled schedules in a row without a new order of operations after which the exploration ends."""

NAPS = 200
"""So many times others may sleep while one is held: a loop may poll for what the held one is to do."""

STRATEGIES = frozenset({"auto", *SAMPLING})
"""The strategies that need not see every operation; another one that was asked for is replaced by auto."""

Values = Mapping[tuple[str, str, int], tuple[str, bool]]


class Last:
    """Hold the worker ``path`` before an operation until all others have ended or wait for more than time."""

    name = "last"
    sites: frozenset[str] = frozenset()

    def __init__(self, key: str, occurrence: int, path: str) -> None:
        self._point = key, occurrence, path
        self._held = False
        self._naps = 0

    def begin(self, number: int) -> None:
        self._held = False
        self._naps = 0

    def holds(self, enabled: Sequence[Candidate], current: Candidate | None) -> bool:
        """Say whether time is to pass for who sleeps rather than that one of ``enabled`` goes on."""
        self._look(current)
        if not self._held or any(worker.path != self._point[2] for worker in enabled):
            return False
        self._naps += 1
        return self._naps <= NAPS

    def pick(
        self, enabled: Sequence[Candidate], current: Candidate | None, step: int, left: Candidate | None = None
    ) -> Candidate:
        self._look(current)
        others = [worker for worker in enabled if worker.path != self._point[2]] if self._held else list(enabled)
        if not others:
            return enabled[0]
        return current if current is not None and current in others else others[0]

    def _look(self, current: Candidate | None) -> None:
        """Hold the worker from its point on."""
        key, occurrence, path = self._point
        if current is not None and current.path == path and current.site is not None:
            self._held = self._held or (current.site.key == key and current.occurrence >= occurrence)

    def quiet_until(self, step: int) -> int:
        return 0


class ProcessExplorer(Explorer):
    """Explores a program of processes. ``last_run`` gives the values, the files' openings and the order of operations
    of the latest run; ``like_theirs``: its processes are started as the program starts them. Where they are forked
    instead, they inherit pipe ends, and a wait for the end of a pipe says nothing. ``own_processes``: the test starts
    them itself."""

    def __init__(
        self,
        run_once: Callable[[Execution], Outcome],
        settings: Settings,
        sites: Sites,
        last_run: Callable[[], tuple[Values, Mapping[tuple[str, str, int], tuple[str, int]], object]],
        dismissed: Callable[[Failure], bool] = lambda failure: False,
        accepted: Callable[[Sequence[Failure], int], Sequence[Failure]] = lambda failures, schedule: failures,
        like_theirs: bool = True,
        own_processes: bool = False,
    ) -> None:
        super().__init__(run_once, settings, sites.all, dismissed=dismissed, accepted=accepted)
        self._last_run = last_run
        self._like_theirs = like_theirs
        self._own_processes = own_processes
        self._switches: Sequence[Switch] = ()
        self._evidence = last_run()
        self._shown: set[tuple[str, str]] = set()
        self._orders: set[object] = set()
        self._stale_runs = 0
        self._sampling = False
        self._ended = ""

    def explore(self, remembered: Sequence[tuple[Directive, ...]] = ()) -> Exploration:
        """Run the phases; see :meth:`.pipeline.Explorer.explore`. What fails in serial order is left to real runs."""
        result = super().explore(remembered)
        if self._ended and not result.found and not result.stopped and result.plain is None:
            result.notes.append(self._ended.format(result.schedules))
        result.found = [
            replace(found, related=tuple(f for f in found.related if f.code != "CH101" or f.place in self._shown))
            for found in result.found
        ]
        return result

    def _waits_for_inherited(self, outcome: Outcome) -> bool:
        return not self._like_theirs and any(row.operation.startswith("Connection.") for row in outcome.stuck)

    def _take_first(self, outcome: Outcome) -> bool:
        if outcome.stuck:
            if not outcome.external and not self._waits_for_inherited(outcome) and self._is_deadlock(outcome):
                return super()._take(outcome)
            self._result.stopped = "its workers wait for each other when one runs after the other"
            return True
        if outcome.lost and outcome.error is not None and not outcome.timed_out and not outcome.external:
            self._switches, self._evidence = outcome.switches, self._last_run()
            shown = tuple(lost for lost in outcome.lost if not self._changes_nothing(lost, outcome.failed_at))
            if shown:  # others came in between while a worker slept
                return super()._take(replace(outcome, lost=shown))
        if outcome.unseen and outcome.error is None and not outcome.lost and self._dies_in_the_other_order(outcome):
            self._result.plain = outcome.unseen[0][1]
            return True
        return super()._take_first(outcome)

    def _dies_in_the_other_order(self, outcome: Outcome) -> bool:
        """Say whether a worker that died in the first order dies of the same in another: real runs show it better."""
        if outcome.timed_out or outcome.external:
            return False
        with self._runs.uncounted():
            other = self._runs(Serial(last_first=True))
        kinds = {(type(error).__name__, str(error)) for _, error in other.unseen}
        return any((type(error).__name__, str(error)) in kinds for _, error in outcome.unseen)

    def _is_deadlock(self, outcome: Outcome) -> bool:
        """Say whether workers who wait for ever when the first runs first are to be told of as they are.

        They are where all end well when the last runs first: the order is to blame then. Where they hang in that order,
        too, a test whose every process is a worker hangs in any; one that starts its own is left to real runs, in which
        what each process waits for is known better. So is a lock on a file that none of the workers holds.
        """
        with self._runs.uncounted():
            other = self._runs(Serial(last_first=True))
        if not (failures_of(other) or other.timed_out):
            return True
        hangs = bool(other.stuck) and not (other.external or other.timed_out)
        rows = (*outcome.stuck, *other.stuck)
        known = all(row.holder or row.lock is None or row.lock[0] not in FILE_LOCKS for row in rows)
        return hangs and known and not self._own_processes

    def _take(self, outcome: Outcome) -> bool:
        self._switches = outcome.switches
        self._evidence = self._last_run()
        if self._waits_for_inherited(outcome):
            outcome = replace(outcome, stuck=())
        if outcome.external:  # what happens beside the schedule is not the schedule's doing
            outcome = replace(outcome, error=None, stuck=(), unseen=())
        failed = outcome.error is not None or outcome.unseen
        if failed and not outcome.lost and outcome.number > 1 and self._fails_again():
            self._result.stopped = "it fails when it is run again in the same order: something is left from run to run"
            return True
        return super()._take(outcome)

    def _fails_again(self) -> bool:
        """Say whether the test fails now in the order in which it passed at first."""
        with self._runs.uncounted():
            outcome = self._runs(Serial())
        return outcome.error is not None or bool(outcome.unseen or outcome.timed_out)

    def _budget_left(self) -> bool:
        order = self._last_run()[2]
        if self._sampling:
            self._stale_runs = self._stale_runs + 1 if order in self._orders else 0
        self._orders.add(order)
        known = self._contention
        if self._runs.max_steps and not known.contended and not known.synchronising:
            self._ended = "the workers share nothing that is seen: no further schedules were explored"
            return False
        if self._stale_runs >= NOTHING_NEW:
            self._ended = f"{{}} schedules were explored: {NOTHING_NEW} in a row brought no new order"
            return False
        return super()._budget_left()

    def _strategies(self) -> Iterator[Strategy]:
        seed, counts, name = self._settings.seed, self._contention.counts, self._settings.strategy
        if name not in SAMPLING:
            likely, rest = self._portfolio.directed()
            yield from likely
            yield from rest
        self._sampling = True
        makers = [SAMPLING[name]] if name in SAMPLING else SAMPLING.values()
        yield from itertools.cycle([make(seed, counts) for make in makers])

    def _changes_nothing(self, lost: LostUpdate, failed_at: int) -> bool:
        """Say whether it is not shown that the worker's write depends on the value that the other has replaced.

        Run once more with the worker held before its read until the others are done: it must read another value, and
        write another one. What differs from run to run anyway (a process id, the time) does not count.
        """
        with self._runs.uncounted():
            depends = self._depends(lost)
        if depends:
            self._shown.add(lost.place)
        return not depends

    def _depends(self, lost: LostUpdate) -> bool:
        values, opened, _ = self._evidence
        read_at = lost.worker, lost.read.site, lost.read_occurrence
        write_at = lost.worker, lost.write.site, lost.occurrence
        seen = values.get(read_at, ("", False))[0]
        key, occurrence = opened.get(read_at, (lost.read.site, lost.read_occurrence))
        self._runs(Last(key, occurrence, lost.worker))
        after = self._last_run()[0]
        if write_at not in after or read_at not in after or after[read_at][0] == seen:
            return False
        if after[write_at][0] == lost.value:
            return False
        self._runs(Replay(from_switches(self._switches)))
        again = self._last_run()[0].get(write_at)
        return again is not None and not only_volatile_parts_differ(str(lost.value), again[0], after[write_at][0])
