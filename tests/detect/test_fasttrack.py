"""FastTrack against a quadratic oracle, and on traces with a known answer."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_concurrency.detect.fasttrack import find_races
from pytest_concurrency.trace.events import Action, Event

ACCESSES = (Action.READ, Action.WRITE)


def ordered_before(trace: list[Event]) -> list[int]:
    """Return, for each event, the set of events that happen before it (as bits), from the edges alone."""

    def started(worker: int, end: int) -> list[int]:
        return [i for i in range(end) if trace[i].action is Action.FORK and trace[i].target == worker]

    before = [0] * len(trace)
    for j, event in enumerate(trace):
        newest = [i for i in range(j) if trace[i].worker == event.worker]
        sources = newest[-1:] + started(event.worker, j)
        if event.action is Action.JOINED:
            sources += [i for i in range(j) if trace[i].worker == event.target] + started(event.target, j)
        if event.action is Action.ACQUIRE:
            for i in reversed(range(j)):
                if trace[i].target == event.target and trace[i].action is Action.RELEASE_MERGE:
                    sources.append(i)
                if trace[i].target == event.target and trace[i].action is Action.RELEASE:
                    sources.append(i)
                    break
        for i in sources:
            before[j] |= before[i] | 1 << i
    return before


def all_races(trace: list[Event]) -> set[tuple[int, int]]:
    before = ordered_before(trace)
    accesses = [i for i, event in enumerate(trace) if event.action in ACCESSES]
    return {
        (i, j)
        for i, j in combinations(accesses, 2)
        if trace[i].target == trace[j].target
        and trace[i].worker != trace[j].worker
        and Action.WRITE in (trace[i].action, trace[j].action)
        and not before[j] >> i & 1
    }


workers = st.integers(0, 3)
events = st.one_of(
    st.builds(Event, st.sampled_from(ACCESSES), workers, st.sampled_from("xyz")),
    st.builds(Event, st.sampled_from(ACCESSES), workers, st.sampled_from("xyz")),
    st.builds(Event, st.sampled_from([Action.ACQUIRE, Action.RELEASE]), workers, st.sampled_from("LM")),
    st.builds(Event, st.sampled_from([Action.ACQUIRE, Action.RELEASE_MERGE]), workers, st.sampled_from("E")),
    st.builds(Event, st.sampled_from([Action.FORK, Action.JOINED]), workers, workers).filter(
        lambda event: event.worker != event.target
    ),
)


@settings(max_examples=3000, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(events, max_size=30))
def test_the_same_racy_locations_as_the_oracle(trace):
    expected = all_races(trace)
    races = find_races(trace)
    assert {race.location for race in races} == {trace[i].target for i, _ in expected}
    assert {(race.first.index, race.second.index) for race in races} <= expected
    assert all(trace[access.index] is access.event for race in races for access in (race.first, race.second))


R, W, ACQ, REL, MERGE, FORK, JOINED = Action


@pytest.mark.parametrize(
    ("trace", "racy"),
    [
        ([(W, 0, "x"), (W, 1, "x")], {"x"}),
        ([(R, 0, "x"), (R, 1, "x")], set()),
        ([(R, 0, "x"), (R, 1, "x"), (W, 2, "x")], {"x"}),
        ([(W, 0, "x"), (REL, 0, "L"), (ACQ, 1, "L"), (R, 1, "x")], set()),
        ([(W, 0, "x"), (REL, 0, "L"), (W, 0, "x"), (ACQ, 1, "L"), (R, 1, "x")], {"x"}),
        ([(W, 0, "x"), (FORK, 0, 1), (W, 1, "x"), (JOINED, 0, 1), (R, 0, "x")], set()),
        ([(FORK, 0, 1), (W, 0, "x"), (W, 1, "x")], {"x"}),
        (
            [
                (W, 0, "x"),
                (MERGE, 0, "E"),
                (W, 1, "y"),
                (MERGE, 1, "E"),
                (ACQ, 2, "E"),
                (R, 2, "x"),
                (R, 2, "y"),
            ],
            set(),
        ),
        # a lock orders with its newest release alone
        ([(W, 0, "x"), (REL, 0, "L"), (REL, 1, "L"), (ACQ, 2, "L"), (R, 2, "x")], {"x"}),
        # (object, name) keeps two objects' attributes apart
        ([(W, 0, (1, "x")), (W, 1, (2, "x"))], set()),
    ],
)
def test_known_traces(trace, racy):
    assert {race.location for race in find_races(Event(*event) for event in trace)} == racy


def test_a_race_names_both_accesses_and_each_pair_of_places_once():
    trace = [Event(W, worker, "x", where=f"line {worker}") for worker in (0, 1, 0, 1)]
    (race,) = find_races(trace)
    assert (race.first.event.where, race.second.event.where) == ("line 0", "line 1")
    assert (race.first.index, race.second.index) == (0, 1)
