"""A shared generator of random numbers is seeded for each user and then asked: another one seeds it in between."""

import random

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}

shared = random.Random()


def colour_of(user):
    shared.seed(user)  # BUG
    return shared.randrange(1_000_000)  # BUG


def test_colours(thread_runner):
    alone = [random.Random(user).randrange(1_000_000) for user in (1, 2)]
    assert thread_runner.map(colour_of, [1, 2]) == alone
