"""The names of strategies: what can be asked for is what there is."""

from __future__ import annotations

import pytest

from pytest_concurrency.explore.portfolio import COMPLETE
from pytest_concurrency.options import COMPLETE_STRATEGIES, STRATEGIES
from pytest_concurrency.strategies.sampling import SAMPLING


def test_every_name_that_may_be_asked_for_is_a_strategys():
    assert set(STRATEGIES) == {"auto", *SAMPLING, *COMPLETE}
    assert set(COMPLETE_STRATEGIES) == set(COMPLETE)


@pytest.mark.parametrize("name", SAMPLING)
def test_a_strategy_is_called_by_its_name(name):
    assert SAMPLING[name](7, {}).name == name
