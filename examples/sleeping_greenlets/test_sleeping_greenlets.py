"""Greenlets that sleep with gevent overlap. Shows CH301 where ``time.sleep`` was bound before gevent patched it.

Such a sleep stops the whole process, and with it every other greenlet. The test's own process is never patched; these
tests run in one that is. Skipped where gevent is not installed.
"""

import pytest

pytest.importorskip("gevent")

import gevent
from gevent import monkey

real_sleep = monkey.get_original("time", "sleep")


def sleeper(n):
    for i in range(3):
        gevent.sleep(0.01)
    return n


@pytest.mark.stress_greenlets(workers=0, repeats=2)
def test_all_sleep_at_once():
    greenlets = [gevent.spawn(sleeper, n) for n in range(3)]
    gevent.joinall(greenlets, raise_error=True)
    assert [greenlet.value for greenlet in greenlets] == [0, 1, 2]


@pytest.mark.stress_greenlets(workers=2, repeats=3)
def test_a_sleep_that_stops_everybody():
    real_sleep(0.05)
