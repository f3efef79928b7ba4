"""A lazy attribute is made from a recipe that is then thrown away; in serial order the second worker never gets there.

Only a schedule in which both workers find the attribute missing shows that they share the recipes at all.
"""

import pytest

EXPECT = {"codes": ["CH110"], "max_schedule": 60}


class Lazy:
    def __init__(self):
        self.recipes = {"value": lambda: 1}

    def __getattr__(self, name):
        try:
            recipe = self.recipes[name]  # BUG
        except KeyError:
            raise AttributeError(name)
        setattr(self, name, recipe())
        self.recipes.pop(name, None)  # BUG
        return getattr(self, name)


@pytest.fixture
def lazy():
    return Lazy()


def test_value(thread_runner, lazy):
    assert thread_runner.run(lambda: lazy.value, workers=2) == [1, 1]
