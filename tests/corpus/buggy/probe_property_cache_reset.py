"""A computed area is kept in an attribute; it is reset between the check and the return."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Rectangle:
    def __init__(self, width, height):
        self._width, self._height = width, height
        self._area = None

    @property
    def area(self):
        if self._area is None:  # BUG
            self._area = self._width * self._height
        return self._area  # BUG

    def resize(self, width):
        self._width = width
        self._area = None  # BUG


def test_area(thread_runner):
    shape = Rectangle(2, 3)
    area, _ = thread_runner.run(lambda: shape.area, lambda: shape.resize(4))
    assert area in (6, 12)
