"""A descriptor that stores its values in a side table."""

EXPECT = {"codes": ["CH110", "CH101"], "max_schedule": None}


class Quantity:
    def __init__(self):
        self.values = {}

    def __get__(self, obj, owner=None):
        return self.values.get(id(obj), 0)  # BUG

    def __set__(self, obj, value):
        self.values[id(obj)] = value  # BUG


class Shelf:
    books = Quantity()

    def add(self, n):
        self.books += n  # BUG


def test_shelf(thread_runner):
    shelf = Shelf()
    shelf.books = 0
    thread_runner.run(lambda: shelf.add(2), lambda: shelf.add(3))
    assert shelf.books == 5
