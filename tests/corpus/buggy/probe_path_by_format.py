"""A breadcrumb path in an attribute grows by a formatted string."""

import pytest

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": None}


class Trail:
    def __init__(self):
        self.path = ""

    def visit(self, place):
        self.path = f"{self.path}/{place}"  # BUG


@pytest.fixture
def trail():
    return Trail()


def test_trail(thread_runner, trail):
    thread_runner.map(trail.visit, ["home", "shop"])
    assert sorted(trail.path.split("/")) == ["", "home", "shop"]
