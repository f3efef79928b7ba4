"""Each user's random numbers come from a generator of its own."""

import random


def colour_of(user):
    return random.Random(user).randrange(1_000_000)


def test_colours(thread_runner):
    alone = [random.Random(user).randrange(1_000_000) for user in (1, 2)]
    assert thread_runner.map(colour_of, [1, 2]) == alone
