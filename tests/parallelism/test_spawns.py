"""Spawn logs that were made up, and what they mean."""

from dataclasses import replace

import pytest

from pytest_concurrency.parallelism.spawns import Spawn, costlier_than_work, joined_one_by_one

SITE = (("test_x.py", 3), ("server.py", 10))
OTHER = (("test_x.py", 3), ("server.py", 11))


def spawn(begin, end, *, site=SITE, own=0.0, **changes):
    """A worker that lived from ``begin`` to ``end`` and whose spawner waited for it after ``own`` seconds."""
    made = Spawn("thread", site, 1, begin, begin + 0.001, begin + 0.001 + own, end)
    return replace(made, **changes)


def test_each_joined_before_the_next():
    (site,) = joined_one_by_one([spawn(0, 1), spawn(1, 2), spawn(2.5, 3)])
    assert (site.count, site.line) == (3, ("server.py", 10))


@pytest.mark.parametrize(
    "log",
    [
        pytest.param([spawn(0, 1)], id="a single worker"),
        pytest.param([spawn(0, 2), spawn(1, 2)], id="started together, then joined"),
        pytest.param([spawn(0, 1), spawn(1, 2, joined=None, join_asked=None)], id="one never joined"),
        pytest.param([spawn(0, 1, own=0.5), spawn(1, 2, own=0.5)], id="the spawner works meanwhile"),
        pytest.param([spawn(0, 1), spawn(1, 2, site=OTHER)], id="two sites"),
        pytest.param([spawn(0, 1), spawn(0.5, 1.5, spawner=2), spawn(2, 3)], id="two spawners overlap"),
        pytest.param(
            [spawn(0, 1), spawn(0.2, 1, site=OTHER), spawn(1.1, 2), spawn(1.2, 2, site=OTHER)],
            id="rounds of two different workers",
        ),
    ],
)
def test_what_overlaps_somehow_is_not_reported(log):
    assert joined_one_by_one(log) == ()


def test_workers_of_another_spawner_do_not_excuse_the_site():
    clients = [spawn(0, 5, site=OTHER, spawner=2), spawn(0, 5, site=OTHER, spawner=2)]
    assert len(joined_one_by_one([*clients, spawn(1, 2), spawn(2, 3)])) == 1


def test_one_lost_time_slice_after_a_start_does_not_hide_the_site():
    assert len(joined_one_by_one([spawn(0, 1), spawn(1, 2, own=0.5), spawn(2, 3)])) == 1


def tiny(work, cost, count=4):
    return [spawn(k, k + 0.5, work=work, cost=cost) for k in range(count)]


def test_starting_costs_more_than_the_work():
    (site,) = costlier_than_work(tiny(10e-6, 60e-6))
    assert (site.work, site.cost) == (10e-6, 60e-6)


@pytest.mark.parametrize(
    "log",
    [
        pytest.param(tiny(50e-6, 60e-6), id="about the same"),
        pytest.param(tiny(1e-3, 60e-6), id="more work"),
        pytest.param(tiny(10e-6, 60e-6, count=3), id="too few"),
        pytest.param(tiny(10e-6, 60e-6) + tiny(None, 60e-6), id="not all known"),
        pytest.param(tiny(10e-6, 60e-6) + tiny(1.0, 60e-6, count=1), id="one does nearly all of the work"),
        pytest.param(tiny(50e-6, 60e-6, count=2) + tiny(50e-6, 200e-6, count=3), id="some starts met noise"),
    ],
)
def test_overhead_is_not_claimed_where_it_was_not_shown(log):
    assert costlier_than_work(log) == ()
