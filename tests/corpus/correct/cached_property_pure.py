"""functools.cached_property: computed twice at worst, equal each time."""

import functools


class Circle:
    def __init__(self, radius):
        self.radius = radius

    @functools.cached_property
    def area(self):
        return 3 * self.radius**2


def test_area(thread_runner):
    circle = Circle(2)
    assert thread_runner.run(lambda: circle.area, lambda: circle.area) == [12, 12]
