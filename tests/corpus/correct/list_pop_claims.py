"""list.pop with except IndexError hands each item to one worker."""


def drain(pile):
    mine = []
    while True:
        try:
            mine.append(pile.pop())
        except IndexError:
            return mine


def test_drain(thread_runner):
    pile = [1, 2, 3, 4]
    left, right = thread_runner.run(lambda: drain(pile), lambda: drain(pile))
    assert sorted(left + right) == [1, 2, 3, 4]
