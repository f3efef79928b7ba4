"""A lazy attribute is made from a recipe that stays: whoever comes second makes it once more, and nobody minds."""

import pytest


class Lazy:
    def __init__(self):
        self.recipes = {"value": lambda: 1}

    def __getattr__(self, name):
        try:
            recipe = self.recipes[name]
        except KeyError:
            raise AttributeError(name)
        return self.__dict__.setdefault(name, recipe())


@pytest.fixture
def lazy():
    return Lazy()


def test_value(thread_runner, lazy):
    assert thread_runner.run(lambda: lazy.value, workers=2) == [1, 1]
