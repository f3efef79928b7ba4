"""The budget of a whole suite."""

from __future__ import annotations

from pytest_concurrency.runners.whole_suite.budget import Budget


def test_what_is_not_used_is_left_for_others():
    budget = Budget(10, 10.0)
    first = budget.share(5.0)
    assert first == 5.0
    budget.used(0.1)
    assert budget.share(100.0) == 9.9


def test_used_up():
    budget = Budget(2, 1.0)
    budget.used(1.0)
    assert budget.share(5.0) == 0.0


def test_default_grows_with_the_suite():
    assert Budget(10).seconds == 60.0
    assert Budget(1000).seconds == 500.0
