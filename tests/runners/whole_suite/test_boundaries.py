"""Following a failing schedule while its preemptions are moved out of the calls that the test makes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pytest_concurrency.runners.whole_suite.boundaries import Moved
from pytest_concurrency.schedules.directives import BLOCKED, ENDED, Directive, Replay


def worker(path, parks=0, done=False):
    """Return a worker before its third act at the site "a.py:f:read x#0"."""
    site = SimpleNamespace(key="a.py:f:read x#0")
    return SimpleNamespace(path=path, site=site, occurrence=3, parks=parks, done=done, wait=None, timed_out=False)


@pytest.mark.parametrize("moment, done", [(BLOCKED, False), (ENDED, True)])
def test_a_choice_made_where_a_worker_has_blocked_or_ended_is_followed_as_in_a_replay(moment, done):
    directives = [Directive("0", "", 2, moment, "2")]
    left, others = worker("0", parks=2, done=done), [worker("1"), worker("2")]
    for strategy in (Replay(directives), Moved(directives, lambda code: False, frozenset())):
        strategy.begin(1)
        assert strategy.pick(others, None, 7, left).path == "2", strategy.name
