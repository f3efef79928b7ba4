"""A descriptor with a locked add()."""

import threading


class Quantity:
    def __init__(self):
        self.values = {}

    def __get__(self, obj, owner=None):
        return self.values.get(id(obj), 0)

    def __set__(self, obj, value):
        self.values[id(obj)] = value


class Shelf:
    books = Quantity()
    lock = threading.Lock()

    def add(self, n):
        with self.lock:
            self.books += n


def test_shelf(thread_runner):
    shelf = Shelf()
    shelf.books = 0
    thread_runner.run(lambda: shelf.add(2), lambda: shelf.add(3))
    assert shelf.books == 5
