"""Lock-order inversions against the deadlocks that can be reached, and on traces with a known answer."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pytest_concurrency.detect.lock_order import acquisitions, find_inversions, inversions
from pytest_concurrency.trace.events import Action, Event

R, W, ACQ, REL, MERGE, FORK, JOINED = Action
Step = tuple[Action, object]


def nested(*locks: str) -> list[Step]:
    """Take the locks one inside the other, and give them back."""
    return [(ACQ, lock) for lock in locks] + [(REL, lock) for lock in reversed(locks)]


def serial(*workers: list[Step]) -> list[Event]:
    """The trace in which the workers run one after the other."""
    return [
        Event(action, worker, target, where=f"{worker}:{line}")
        for worker, steps in enumerate(workers)
        for line, (action, target) in enumerate(steps)
    ]


def cycles(trace: list[Event]) -> list[set[object]]:
    return [set(inversion.locks) for inversion in find_inversions(trace)]


def test_opposite_orders():
    (inversion,) = find_inversions(serial(nested("A", "B"), nested("B", "A")))
    first, second = inversion.cycle
    assert (first.worker, first.lock, first.where, dict(first.held)) == (0, "B", "0:1", {"A": "0:0"})
    assert (second.worker, second.lock, second.where, dict(second.held)) == (1, "A", "1:1", {"B": "1:0"})


def test_three_workers_in_a_ring():
    trace = serial(nested("A", "B"), nested("B", "C"), nested("C", "A"))
    assert cycles(trace) == [{"A", "B", "C"}]


@pytest.mark.parametrize(
    "workers",
    [
        [nested("A", "B"), nested("A", "B")],
        [nested("A", "B") + nested("B", "A")],  # one worker alone
        [nested("G", "A", "B"), nested("G", "B", "A")],  # a gate lock
        [nested("A", "B"), nested("B") + nested("A")],
        # a reentrant lock inside itself is no second lock
        [[(ACQ, "A"), *nested("B"), *nested("A"), (REL, "A")], nested("A", "B")],
    ],
)
def test_what_cannot_deadlock(workers):
    assert cycles(serial(*workers)) == []


def test_a_gate_lock_of_one_worker_alone_helps_nothing():
    assert cycles(serial(nested("G", "A", "B"), nested("B", "A"))) == [{"A", "B"}]


def test_before_the_start_and_after_the_join_is_no_inversion():
    trace = serial(nested("A", "B") + [(FORK, 1)], nested("B", "A"))
    assert cycles(trace) == []
    trace += [Event(JOINED, 0, 1), *serial(nested("A", "B"))]
    assert cycles(trace) == []


def test_while_the_started_worker_runs_is_one():
    trace = serial([(FORK, 1), *nested("A", "B")], nested("B", "A"))
    assert cycles(trace) == [{"A", "B"}]


def test_two_children_one_joined_before_the_other_starts():
    trace = [
        Event(FORK, 0, 1),
        *(Event(action, 1, target) for action, target in nested("A", "B")),
        Event(JOINED, 0, 1),
        Event(FORK, 0, 2),
        *(Event(action, 2, target) for action, target in nested("B", "A")),
    ]
    assert cycles(trace) == []


def test_a_hand_over_by_an_event_orders():
    trace = serial(nested("A", "B") + [(MERGE, "E")], [(ACQ, "E"), *nested("B", "A")])
    assert cycles(trace) == []


def test_a_lock_that_another_worker_releases_is_a_signal():
    trace = serial([(ACQ, "S"), *nested("A", "B")], [(REL, "S"), *nested("B", "A"), *nested("A", "S")])
    assert cycles(trace) == [{"A", "B"}]


def test_an_acquire_that_does_not_wait_closes_no_cycle():
    trace = serial(nested("A", "B"), nested("B", "A"))
    trace[1] = Event(ACQ, 0, "B", blocking=False)
    assert cycles(trace) == []


def test_a_lock_held_after_a_try_counts_as_held():
    trace = serial(nested("A", "B"), nested("B", "A"))
    trace[0] = Event(ACQ, 0, "A", blocking=False)
    assert cycles(trace) == [{"A", "B"}]


def test_the_same_cycle_from_many_places_is_reported_once():
    assert len(find_inversions(serial(nested("A", "B") * 50, nested("B", "A") * 50))) == 1


def test_the_search_ends_at_its_limit():
    acquired = list(acquisitions(serial(nested("A", "B"), nested("B", "A"))))
    assert inversions(acquired, limit=1) == ()
    assert len(inversions(acquired, limit=10)) == 1


Program = list[list[Step]]


def able(workers: Program, pcs: tuple[int, ...], held: frozenset[object]) -> list[int]:
    """Return the workers that can make their next step."""
    forks = {target: (w, at) for w, steps in enumerate(workers) for at, (a, target) in enumerate(steps) if a is FORK}
    found = []
    for worker, steps in enumerate(workers):
        if pcs[worker] < len(steps):
            action, target = steps[pcs[worker]]
            parent, at = forks.get(worker, (worker, -1))
            started = pcs[parent] > at
            waits = (action is ACQ and target in held) or (action is JOINED and pcs[target] < len(workers[target]))
            if started and not waits:
                found.append(worker)
    return found


def runs(workers: Program) -> tuple[bool, list[Event] | None]:
    """Try all schedules; return whether one ends in a deadlock, and the trace of one that does not."""
    todo = [((0,) * len(workers), frozenset(), ())]
    seen = set()
    deadlock, trace = False, None
    while todo:
        pcs, held, order = todo.pop()
        moves = able(workers, pcs, held)
        for worker in moves:
            action, target = workers[worker][pcs[worker]]
            after = tuple(pc + (w == worker) for w, pc in enumerate(pcs))
            then = held | {target} if action is ACQ else held - {target}
            if (after, then) not in seen:
                seen.add((after, then))
                todo.append((after, then, (*order, Event(action, worker, target))))
        if not moves and all(pc == len(steps) for pc, steps in zip(pcs, workers, strict=True)):
            trace = list(order)
        elif not moves:
            deadlock = True
    return deadlock, trace


@st.composite
def bodies(draw: st.DrawFn, depth: int = 0, free: str = "ABCD") -> list[Step]:
    """Sections one after the other and inside each other, none inside one of the same lock."""
    steps: list[Step] = []
    for _ in range(draw(st.integers(0 if depth else 1, 2))):
        if free and depth < 3:
            lock = draw(st.sampled_from(free))
            steps += [(ACQ, lock), *draw(bodies(depth + 1, free.replace(lock, ""))), (REL, lock)]
    return steps


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Two to four workers, of which the first may start and join others while it holds no lock."""
    others = draw(st.lists(bodies(), min_size=1, max_size=3))
    parts = [draw(bodies(1)) for _ in range(3)]
    for worker in range(1, len(others) + 1):
        if draw(st.booleans()):
            begin = draw(st.integers(0, 2))
            parts[begin] = [(FORK, worker), *parts[begin]]
            if draw(st.booleans()):
                end = draw(st.integers(begin, 2))
                parts[end] = [*parts[end], (JOINED, worker)]
    return [sum(parts, []), *others]


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(programs())
def test_an_inversion_where_and_only_where_a_deadlock_can_be_reached(workers):
    deadlock, trace = runs(workers)
    assume(trace is not None)
    assert bool(find_inversions(trace)) == deadlock
