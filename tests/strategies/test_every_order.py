"""The strategy that runs every order once."""

from __future__ import annotations

from types import SimpleNamespace

from pytest_concurrency.strategies.every_order import EveryOrder


def orders(program, most=100):
    """Run ``program`` (from the choices so far to the names that can go on) until nothing is left; the choices made."""
    strategy = EveryOrder()
    seen = []
    while not strategy.exhausted and len(seen) < most:
        strategy.begin(len(seen) + 1)
        chosen: list[str] = []
        decisions = []
        while enabled := program(chosen):
            candidates = [SimpleNamespace(path=name) for name in enabled]
            if len(candidates) == 1:
                chosen.append(candidates[0].path)
                continue
            picked = strategy.pick(candidates, None, len(decisions) + 1)
            decisions.append((len(candidates), candidates.index(picked)))
            chosen.append(picked.path)
        strategy.learn(decisions)
        seen.append("".join(chosen))
    return seen


def test_every_permutation_once_and_the_given_order_first():
    found = orders(lambda chosen: [name for name in "abc" if name not in chosen])
    assert found[0] == "abc"
    assert sorted(found) == ["abc", "acb", "bac", "bca", "cab", "cba"]


def test_choices_that_open_further_choices():
    found = orders(lambda chosen: [] if len(chosen) == 2 else ["x", "y", "z"] if chosen == ["a"] else ["a", "b"])
    assert len(found) == len(set(found)) == 5


def test_one_order_is_known_to_be_all_after_one_run():
    assert orders(lambda chosen: ["a"] if len(chosen) < 3 else []) == ["aaa"]


def test_runs_of_others_count():
    strategy = EveryOrder()
    strategy.learn([(2, 0)])
    assert not strategy.exhausted
    strategy.learn([(2, 1)])
    assert strategy.exhausted
