"""A lock wrapped by a generator-based context manager."""

import threading
from contextlib import contextmanager


class Store:
    def __init__(self):
        self._lock = threading.Lock()
        self._data = {}

    @contextmanager
    def editing(self):
        self._lock.acquire()
        try:
            yield self._data
        finally:
            self._lock.release()


def test_store(thread_runner):
    store = Store()

    def add(n):
        with store.editing() as data:
            data["sum"] = data.get("sum", 0) + n

    thread_runner.map(add, [1, 2, 3])
    assert store._data == {"sum": 6}
