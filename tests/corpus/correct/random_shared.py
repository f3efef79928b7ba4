"""random.Random may be shared; a private one is reproducible."""

import random


def test_dice(thread_runner):
    shared = random.Random(1)

    def roll(seed):
        private = random.Random(seed)
        return shared.randint(1, 6), private.random() == random.Random(seed).random()

    for value, same in thread_runner.map(roll, [10, 11]):
        assert 1 <= value <= 6
        assert same
