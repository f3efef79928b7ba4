"""Source-DPOR against exhaustive enumeration, and on programs whose number of classes is known."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from dpor_model import explore
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pytest_concurrency.strategies import dpor_ops as ops
from pytest_concurrency.strategies.dpor_core import ABORT, Clock, SourceDpor
from pytest_concurrency.strategies.dpor_ops import Kind, Op, dependent, read, write

Instruction = tuple[Any, ...]


def compiled(block: list[Instruction]) -> tuple[Instruction, ...]:
    """Flatten nested instructions; jumps are relative."""
    code: list[Instruction] = []
    for name, *arguments in block:
        if name == "with":
            lock, body = arguments
            code += [("acquire", lock), *compiled(body), ("release", lock)]
        elif name == "try":
            lock, body = arguments
            inner = compiled(body)
            code += [("try", lock, len(inner) + 1), *inner, ("release", lock)]
        elif name == "if":
            location, body = arguments
            inner = compiled(body)
            code += [("branch", location, len(inner)), *inner]
        elif name == "wait":
            condition, lock = arguments
            code += [("wait", condition, lock), ("reacquire", condition, lock)]
        elif name == "wait while zero":
            condition, lock, location = arguments
            code += [
                ("while zero", location),
                ("wait", condition, lock),
                ("reacquire", condition, lock),
                ("back",),
            ]
        else:
            code.append((name, *arguments))
    return tuple(code)


@dataclass(frozen=True)
class State:
    """Everything that the next steps can depend on."""

    pcs: tuple[int, ...]
    memory: tuple[tuple[str, Any], ...] = ()
    owners: tuple[tuple[str, int], ...] = ()
    queues: tuple[tuple[str, tuple[int, ...]], ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    started: frozenset[int] = field(default=frozenset())


def put(table: tuple[tuple[str, Any], ...], key: str, value: Any) -> tuple[tuple[str, Any], ...]:
    """Return the table with one entry changed; None takes it out."""
    changed = {**dict(table), key: value}
    return tuple(sorted((k, v) for k, v in changed.items() if v is not None))


class Program:
    """A model: one compiled list of instructions for each worker, named 0, 1, ..."""

    def __init__(self, *blocks: list[Instruction]) -> None:
        self.codes = [compiled(block) for block in blocks]
        forked = {i[1] for code in self.codes for i in code if i[0] == "fork"}
        self.at_start = frozenset(w for w in range(len(blocks)) if w not in forked)

    def initial(self) -> State:
        state = State(pcs=(0,) * len(self.codes), started=self.at_start)
        return self._settled(state)

    def _settled(self, state: State) -> State:
        """Go over jumps, which are no operations."""
        pcs = list(state.pcs)
        for worker, code in enumerate(self.codes):
            while pcs[worker] < len(code) and code[pcs[worker]][0] == "back":
                pcs[worker] -= 3
        return replace(state, pcs=tuple(pcs))

    def done(self, state: State, worker: int) -> bool:
        return state.pcs[worker] >= len(self.codes[worker])

    def pending(self, state: State) -> dict[int, Op[int]]:
        return {
            worker: self._op(state, worker)
            for worker in range(len(self.codes))
            if not self.done(state, worker) and worker in state.started
        }

    def _op(self, state: State, worker: int) -> Op[int]:
        name, *arguments = self.codes[worker][state.pcs[worker]]
        if name in ("read", "branch", "while zero"):
            return ops.read(arguments[0])
        if name in ("write", "add"):
            return ops.write(arguments[0])
        if name == "try":
            return ops.try_acquire(arguments[0])
        if name == "reacquire" and worker in dict(state.queues).get(arguments[0], ()):
            return ops.parked()
        if name == "release" and arguments[0] not in dict(state.owners):
            return ops.write(arguments[0])
        if name in ("set", "post"):
            return ops.signal(arguments[0])
        if name in ("await set", "take"):
            return ops.await_(arguments[0], consume=name == "take")
        made: Op[int] = getattr(ops, name)(*arguments[: 1 if name == "notify" else None])
        return made

    def enabled(self, state: State, worker: int) -> bool:
        name, *arguments = self.codes[worker][state.pcs[worker]]
        owners = dict(state.owners)
        if name == "acquire":
            return arguments[0] not in owners
        if name == "reacquire":
            return arguments[1] not in owners and worker not in dict(state.queues).get(arguments[0], ())
        if name == "join":
            return arguments[0] in state.started and self.done(state, arguments[0])
        if name in ("await set", "take"):
            return dict(state.counts).get(arguments[0], 0) > 0
        return True

    def execute(self, state: State, worker: int) -> State:
        name, *arguments = self.codes[worker][state.pcs[worker]]
        step = 1
        memory, owners, queues, counts = state.memory, state.owners, state.queues, state.counts
        started = state.started
        if name == "write":
            memory = put(memory, arguments[0], f"{worker}.{state.pcs[worker]}")
        elif name == "add":
            memory = put(memory, arguments[0], str(dict(memory).get(arguments[0], "")) + "+")
        elif name == "branch" and arguments[0] not in dict(memory):
            step += arguments[1]
        elif name == "while zero" and arguments[0] in dict(memory):
            step += 3
        elif name == "acquire":
            owners = put(owners, arguments[0], worker)
        elif name == "try" and arguments[0] in dict(owners):
            step += arguments[1]
        elif name == "try":
            owners = put(owners, arguments[0], worker)
        elif name == "release":
            owners = put(owners, arguments[0], None)
        elif name == "wait":
            queues = put(queues, arguments[0], (*dict(queues).get(arguments[0], ()), worker))
            owners = put(owners, arguments[1], None)
        elif name == "reacquire":
            owners = put(owners, arguments[1], worker)
        elif name == "notify":
            queues = put(queues, arguments[0], dict(queues).get(arguments[0], ())[arguments[1] :] or None)
        elif name == "set":
            counts = put(counts, arguments[0], 1)
        elif name == "post":
            counts = put(counts, arguments[0], dict(counts).get(arguments[0], 0) + 1)
        elif name == "take":
            counts = put(counts, arguments[0], dict(counts)[arguments[0]] - 1 or None)
        elif name == "fork":
            started = started | {arguments[0]}
        pcs = tuple(pc + step if w == worker else pc for w, pc in enumerate(state.pcs))
        return self._settled(State(pcs, memory, owners, queues, counts, started))


Event = tuple[int, Op[int]]
#: For each worker its operations, each with its vector clock: the same for equivalent interleavings only.
Class = tuple[tuple[int, tuple[tuple[Op[int], tuple[tuple[int, int], ...]], ...]], ...]


def class_of(events: tuple[Event, ...]) -> Class:
    """Return what is common to all interleavings equivalent to ``events``, from the definition."""
    clocks: list[Clock[int]] = []
    rows: dict[int, list[tuple[Op[int], tuple[tuple[int, int], ...]]]] = {}
    for j, (worker, op) in enumerate(events):
        clock: Clock[int] = {}
        for i in range(j):
            other, earlier = events[i]
            joined = op.kind is Kind.JOIN and op.worker == other
            forked = earlier.kind is Kind.FORK and earlier.worker == worker
            if other == worker or joined or forked or dependent(earlier, op):
                for w, count in clocks[i].items():
                    clock[w] = max(clock.get(w, 0), count)
        clock[worker] = clock.get(worker, 0) + 1
        clocks.append(clock)
        rows.setdefault(worker, []).append((op, tuple(sorted(clock.items()))))
    return tuple((worker, tuple(row)) for worker, row in sorted(rows.items()))


def all_classes(program: Program, limit: int) -> set[Class] | None:
    """Return the classes of all complete interleavings, None where there are more than ``limit`` prefixes.

    Goes through the classes of prefixes. That equivalent prefixes lead to the same state is checked
    on the way: it is what the dependence relation promises.
    """
    states: dict[Class, State] = {(): program.initial()}
    todo: list[tuple[tuple[Event, ...], Class]] = [((), ())]
    complete: set[Class] = set()
    while todo:
        events, name = todo.pop()
        state = states[name]
        pending = program.pending(state)
        able = [worker for worker in pending if program.enabled(state, worker)]
        if not able:
            complete.add(name)
        for worker in able:
            longer = (*events, (worker, pending[worker]))
            longer_name = class_of(longer)
            after = program.execute(state, worker)
            if longer_name in states:
                assert states[longer_name] == after, "dependent operations were taken for independent"
            else:
                states[longer_name] = after
                todo.append((longer, longer_name))
                if len(states) > limit:
                    return None
    return complete


def programs(conditions: bool = True, most_workers: int = 3) -> st.SearchStrategy[Program]:
    """Return random small programs; few locations and locks, so that most operations meet."""
    location = st.sampled_from(["x", "y"])
    lock = st.sampled_from(["L", "M"])
    simple = st.one_of(
        st.tuples(st.sampled_from(["read", "write", "add"]), location),
        st.tuples(st.sampled_from(["set", "await set"]), st.just("e")),
        st.tuples(st.sampled_from(["post", "take"]), st.just("s")),
        st.tuples(st.sampled_from(["acquire", "release"]), st.just("H")),
    )
    under_lock = st.one_of(
        st.tuples(st.sampled_from(["read", "write"]), location),
        *(
            [
                st.tuples(st.just("wait"), st.just("c"), st.just("L")),
                st.tuples(st.just("wait while zero"), st.just("c"), st.just("L"), location),
                st.tuples(st.just("notify"), st.just("c"), st.integers(1, 2)),
            ]
            if conditions
            else []
        ),
    )
    short = st.lists(simple, max_size=2)
    instruction = st.one_of(
        simple,
        simple,
        st.tuples(st.just("with"), lock, short),
        st.tuples(st.just("with"), st.just("L"), st.lists(under_lock, max_size=2)),
        st.tuples(st.just("with"), lock, st.tuples(st.just("with"), lock, short).map(lambda inner: [inner])),
        st.tuples(st.just("try"), lock, short),
        st.tuples(st.just("if"), location, short),
    )

    @st.composite
    def build(draw: st.DrawFn) -> Program:
        workers = draw(st.integers(2, most_workers))
        blocks = [draw(st.lists(instruction, min_size=1, max_size=4 if workers == 2 else 2)) for _ in range(workers)]
        if draw(st.booleans()):
            blocks[0].insert(draw(st.integers(0, len(blocks[0]))), ("join", draw(st.integers(1, workers - 1))))
        if draw(st.booleans()):
            blocks[0].insert(0, ("fork", workers - 1))
        return Program(*blocks)

    return build()


def explored(program: Program) -> Counter:
    return Counter(class_of(run.events) for run in explore(program))


def check(program: Program, expected: set[Class]) -> None:
    found = explored(program)
    assert not expected - found.keys(), "a class was left out"
    assert not found.keys() - expected, "a run that is none"
    assert max(found.values()) == 1, "a class was run twice"


@settings(max_examples=500, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(programs())
def test_one_run_for_each_class_and_none_missing(program):
    expected = all_classes(program, 4000)
    assume(expected is not None)
    check(program, expected)


def test_a_deadlock_hidden_behind_a_redundant_run():
    # the run that leads to the missing class is stopped as redundant, while one worker is blocked
    program = Program(
        [("with", "M", [])],
        [("with", "L", []), ("with", "L", [("await set", "e")])],
        [("with", "L", []), ("with", "M", [])],
    )
    check(program, all_classes(program, 4000))


@pytest.mark.parametrize(
    "blocks",
    [
        # a release before an acquire is no race, and must not hide the acquire before it
        [[("with", "L", [])], [("read", "x"), ("with", "L", [])]],
        # nor must a wait
        [[("with", "L", [("wait", "c", "L")])], [("read", "x"), ("with", "L", [])]],
        # a semaphore that is above zero again hides nothing
        [[("write", "x")], [("post", "s"), ("take", "s")], [("take", "s"), ("read", "x")]],
        # a failed try-acquire does not hide the acquire that made it fail
        [[("with", "L", [])], [("try", "L", [])], [("with", "L", [])]],
        # who overtakes has to be able to begin what comes after
        [[("with", "L", [("read", "x")])], [("read", "x"), ("write", "x")], [("with", "L", [])]],
        # a lock handed over: released by another worker than the one that acquired it
        [[("acquire", "H"), ("acquire", "H")], [("read", "x"), ("release", "H")], [("write", "x")]],
        [[("with", "L", [("with", "M", [])])], [("with", "M", [("with", "L", [])])]],
        [[("fork", 1), ("write", "x"), ("join", 1), ("read", "x")], [("write", "x")]],
        [[("with", "L", [("wait", "c", "L")])], [("with", "L", [("notify", "c", 1)])]],
        [
            [("with", "L", [("wait while zero", "c", "L", "x")])],
            [("with", "L", [("wait while zero", "c", "L", "x")])],
            [("with", "L", [("write", "x"), ("notify", "c", 1)])],
        ],
    ],
)
def test_operations_that_block(blocks):
    program = Program(*blocks)
    check(program, all_classes(program, 100_000))


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 5])
def test_a_locked_counter_has_one_class_for_each_order_of_its_workers(workers):
    dpor = SourceDpor()
    increment = [("with", "L", [("read", "x"), ("write", "x")])]
    runs = list(explore(Program(*[increment] * workers), dpor=dpor))
    assert len(runs) == dpor.runs == math.factorial(workers)
    assert dpor.redundant == 0


@pytest.mark.parametrize("increments", [1, 2, 3, 4, 5])
def test_two_workers_with_locked_increments(increments):
    increment = [("with", "L", [("read", "x"), ("write", "x")])]
    runs = list(explore(Program(increment * increments, increment * increments)))
    assert len(runs) == math.comb(2 * increments, increments)


def test_independent_workers_need_one_run():
    assert len(list(explore(Program([("write", "x")] * 5, [("write", "y")] * 5, [("read", "z")] * 5)))) == 1


def test_a_deadlock_is_a_run_with_stuck_workers():
    program = Program([("with", "L", [("with", "M", [])])], [("with", "M", [("with", "L", [])])])
    stuck = [run for run in explore(program) if run.stuck]
    assert len(stuck) == 1
    assert {worker for worker, _ in stuck[0].stuck} == {0, 1}


def test_a_lost_wake_up_is_a_run_with_a_stuck_worker():
    program = Program([("with", "L", [("wait", "c", "L")])], [("with", "L", [("notify", "c", 1)])])
    runs = list(explore(program))
    assert sorted(len(run.stuck) for run in runs) == [0, 1]


def test_the_current_worker_goes_on_where_it_can():
    dpor = SourceDpor()
    dpor.begin()
    enabled = {"0": read("x"), "1": write("x")}
    assert dpor.pick(enabled) == "0"
    assert dpor.pick(enabled, "1") == "1"


def test_a_program_that_does_not_repeat_itself_is_noticed():
    dpor = SourceDpor()
    dpor.begin()
    dpor.pick({"0": write("x"), "1": write("x")})
    dpor.pick({"1": write("x")})
    assert not dpor.end()
    dpor.begin()
    assert dpor.pick({"0": write("x")}) is ABORT
    assert dpor.end()
    assert dpor.diverged == 1


def test_a_run_cut_short_is_counted():
    dpor = SourceDpor()
    dpor.begin()
    dpor.pick({"0": write("x"), "1": write("x")})
    dpor.end(cut_short=True)
    assert (dpor.runs, dpor.diverged) == (0, 1)
