"""next() on a list iterator is atomic; each worker gets other items."""


def test_deal(thread_runner):
    deck = iter(["ace", "king", "queen"])
    hands = thread_runner.run(*[lambda: next(deck)] * 3)
    assert sorted(hands) == ["ace", "king", "queen"]
