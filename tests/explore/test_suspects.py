"""Cycles of waiting that acquires under other locks could close."""

import itertools

from pytest_concurrency.explore.contention import Nested
from pytest_concurrency.explore.suspects import closing_cycles


def nested(worker, *locks, occurrence=1):
    """What a worker does that takes ``locks`` one under the other."""
    return [
        Nested(str(worker), f"{locks[at]} after {locks[at - 1]}", occurrence, frozenset(locks[:at]), locks[at])
        for at in range(1, len(locks))
    ]


def test_opposite_orders_close_a_cycle():
    found = closing_cycles([*nested(0, 1, 2), *nested(1, 2, 1)])
    assert {frozenset(cycle) for cycle in found} == {frozenset({("0", "2 after 1", 1), ("1", "1 after 2", 1)})}


def test_a_gate_lock_keeps_the_cycle_open():
    assert not closing_cycles([*nested(0, 9, 1, 2), *nested(1, 9, 2, 1)])


def test_one_worker_closes_no_cycle_alone():
    assert not closing_cycles([*nested(0, 1, 2), *nested(0, 2, 1)])


def test_what_is_done_again_counts_once():
    again = [each for n in range(1, 30) for each in nested(0, 1, 2, occurrence=n)]
    assert len(closing_cycles([*again, *nested(1, 2, 1)])) == 1


def test_a_ring_of_philosophers_is_found():
    ring = [each for worker in range(5) for each in nested(worker, worker, (worker + 1) % 5)]
    assert [len(cycle) for cycle in closing_cycles(ring)] == [5]


def test_many_locks_in_one_order_cost_nothing():
    orders = [sorted(locks) for locks in itertools.combinations(range(12), 4)]
    found = closing_cycles([each for worker in range(8) for order in orders for each in nested(worker, *order)])
    assert found == []


def test_the_search_ends_where_nearly_everything_is_on_a_cycle():
    every = [
        each for worker in range(8) for pair in itertools.permutations(range(8), 2) for each in nested(worker, *pair)
    ]
    assert len(closing_cycles(every)[0]) == 2
