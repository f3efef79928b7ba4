"""A breadcrumb path is put together from what was appended to a list."""

import pytest


class Trail:
    def __init__(self):
        self.places = [""]

    def visit(self, place):
        self.places.append(place)

    @property
    def path(self):
        return "/".join(self.places)


@pytest.fixture
def trail():
    return Trail()


def test_trail(thread_runner, trail):
    thread_runner.map(trail.visit, ["home", "shop"])
    assert sorted(trail.path.split("/")) == ["", "home", "shop"]
