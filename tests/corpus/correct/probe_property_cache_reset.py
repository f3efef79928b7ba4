"""A computed area is kept in an attribute that is read once; a stale one is not kept."""

import threading


class Rectangle:
    def __init__(self, width, height):
        self._width, self._height = width, height
        self._area = None
        self._lock = threading.Lock()

    @property
    def area(self):
        with self._lock:
            if self._area is None:
                self._area = self._width * self._height
            return self._area

    def resize(self, width):
        with self._lock:
            self._width = width
            self._area = None


def test_area(thread_runner):
    shape = Rectangle(2, 3)
    area, _ = thread_runner.run(lambda: shape.area, lambda: shape.resize(4))
    assert area in (6, 12)
